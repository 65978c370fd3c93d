"""What plays a cassette as a process. Standard library only, and little of it: no `os`, no `signal`, no `re`.

These files are compiled into one bundle beside each shim, and run there by a bare interpreter (`-IS`) on a machine
where this package need not be installed. So nothing here imports anything of ours but its siblings, and even
`from __future__` would cost a file to read. `cassette.shim` writes what is read here.
"""
