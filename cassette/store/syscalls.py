"""Calls that Python's `os` does not have, through libc; each says plainly when this system cannot do them.

An unsupported call raises OSError with an errno of `UNSUPPORTED`, so that a caller can choose another way.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from typing import Any

UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
"""What a kernel, a file system or a sandbox answers when it does not know a call or a flag."""

_RAM_FILE_SYSTEMS = frozenset({0x01021994, 0x858458F6})  # tmpfs, ramfs: <linux/magic.h>
_STATFS_BYTES = 512  # larger than struct statfs anywhere
_FALLOC_FL_KEEP_SIZE = 1
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # Linux, renameat2
_RENAME_SWAP, _RENAME_EXCL = 2, 4  # macOS, renameatx_np


def is_ram_backed(fd: int) -> bool:
    """Whether the file system of an open file is tmpfs or ramfs, as the kernel says; False where it cannot say."""
    if sys.platform != "linux":
        return False
    answer = ctypes.create_string_buffer(_STATFS_BYTES)
    if _libc().fstatfs(fd, answer) != 0:
        return False
    kind = ctypes.c_long.from_buffer(answer).value  # f_type is the first field
    return kind & 0xFFFFFFFF in _RAM_FILE_SYSTEMS


def reserve(fd: int, start: int, length: int) -> None:
    """Claim room for the bytes `start … start + length` of a file without changing its size.

    Raises OSError: ENOSPC when there is no room, one of `UNSUPPORTED` when the file system cannot reserve.
    """
    call = _function("fallocate64") or _function("fallocate")
    if sys.platform != "linux" or call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    while call(fd, _FALLOC_FL_KEEP_SIZE, ctypes.c_int64(start), ctypes.c_int64(length)) != 0:
        _raise_unless_interrupted()


def rename_new(dir_fd: int, source: str, target: str) -> None:
    """Rename within a directory, and never replace: FileExistsError when the target is there."""
    _rename(dir_fd, source, target, linux=_RENAME_NOREPLACE, macos=_RENAME_EXCL)


def exchange(dir_fd: int, one: str, other: str) -> None:
    """Let two entries of a directory change names, in one step."""
    _rename(dir_fd, one, other, linux=_RENAME_EXCHANGE, macos=_RENAME_SWAP)


def _rename(dir_fd: int, source: str, target: str, *, linux: int, macos: int) -> None:
    if sys.platform == "darwin":
        call, flags = _function("renameatx_np"), macos
    else:
        call, flags = _function("renameat2"), linux
    if call is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), source)
    while call(dir_fd, os.fsencode(source), dir_fd, os.fsencode(target), ctypes.c_uint(flags)) != 0:
        _raise_unless_interrupted(source, target)


def _raise_unless_interrupted(source: str | None = None, target: str | None = None) -> None:
    code = ctypes.get_errno()
    if code != errno.EINTR:
        raise OSError(code, os.strerror(code), source, None, target)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _function(name: str) -> Any:
    return getattr(_libc(), name, None)
