"""Copying and removing what lies in a directory, without ever following a link out of it."""

from __future__ import annotations

import os
import stat

from cassette.store.operations import FileOperations

COPY_BYTES = 1024 * 1024


class CannotCopy(OSError):
    """Something that is neither file, directory nor link."""


def write_all(ops: FileOperations, fd: int, data: bytes | bytearray | memoryview) -> None:
    """Write every byte. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[ops.write(fd, view) :]


def copy_entry(ops: FileOperations, from_fd: int, to_fd: int, name: str) -> None:
    """Copy a file, link or directory with all below it, its mode and times, onto the disk. Raises OSError."""
    facts = ops.look(from_fd, name)
    if facts is None:
        return
    if stat.S_ISREG(facts.st_mode):
        _copy_file(ops, from_fd, to_fd, name, facts)
    elif stat.S_ISLNK(facts.st_mode):
        ops.link_copy(from_fd, to_fd, name)
    elif stat.S_ISDIR(facts.st_mode):
        _copy_directory(ops, from_fd, to_fd, name, facts)
    else:
        raise CannotCopy(f"{name} is no file, directory or link, and would be lost; move it away")


def remove_tree(ops: FileOperations, dir_fd: int, name: str) -> None:
    """Remove a directory with all below it. Raises OSError."""
    fd = ops.open_directory(dir_fd, name)
    try:
        if os.fstat(fd).st_mode & stat.S_IRWXU != stat.S_IRWXU:
            ops.set_mode(fd, stat.S_IRWXU)  # its user closed it for writing
        for entry in ops.names(fd):
            facts = ops.look(fd, entry)
            if facts is not None and stat.S_ISDIR(facts.st_mode):
                remove_tree(ops, fd, entry)
            else:
                ops.remove_file(fd, entry)
    finally:
        ops.close(fd)
    ops.remove_directory(dir_fd, name)


def _copy_file(ops: FileOperations, from_fd: int, to_fd: int, name: str, facts: os.stat_result) -> None:
    source = ops.open_file(from_fd, name)
    try:
        copy = ops.create_file(to_fd, name)
        try:
            while data := ops.read(source, COPY_BYTES):
                write_all(ops, copy, data)
            _finish(ops, copy, facts)
        finally:
            ops.close(copy)
    finally:
        ops.close(source)


def _copy_directory(ops: FileOperations, from_fd: int, to_fd: int, name: str, facts: os.stat_result) -> None:
    source = ops.open_directory(from_fd, name)
    try:
        ops.make_directory(to_fd, name)
        copy = ops.open_directory(to_fd, name)
        try:
            for entry in ops.names(source):
                copy_entry(ops, source, copy, entry)
            _finish(ops, copy, facts)
        finally:
            ops.close(copy)
    finally:
        ops.close(source)


def _finish(ops: FileOperations, copy: int, facts: os.stat_result) -> None:
    ops.set_mode(copy, facts.st_mode)
    ops.set_times(copy, facts)
    ops.sync(copy)
