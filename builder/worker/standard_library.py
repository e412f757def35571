"""The modules of Python's standard library: what they are called is no requirement."""

from __future__ import annotations

WORDS = """
abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit
audioop base64 bdb binascii bisect builtins bz2 cProfile calendar cgi cgitb chunk
cmath cmd code codecs codeop collections colorsys compileall compression concurrent
configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses
datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum
errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc
genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http
idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword
lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap
modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path
numbers opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes
pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd
py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib
resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal
site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants
sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys
sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this threading
time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle
turtledemo types typing unicodedata unittest urllib uu uuid venv warnings wave weakref
webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib
zoneinfo
"""
NAMES = frozenset(WORDS.split())
"""The library reference of Python 3.9 to 3.14, top-level modules."""

REMOVED = {
    **{"binhex": 11, "asynchat": 12, "asyncore": 12, "distutils": 12, "imp": 12, "smtpd": 12},
    **{"aifc": 13, "audioop": 13, "cgi": 13, "cgitb": 13, "chunk": 13, "crypt": 13, "imghdr": 13},
    **{"lib2to3": 13, "mailcap": 13, "msilib": 13, "nis": 13, "nntplib": 13, "ossaudiodev": 13},
    **{"pipes": 13, "sndhdr": 13, "spwd": 13, "sunau": 13, "telnetlib": 13, "uu": 13},
    **{"xdrlib": 13},
}
"""Since which minor version Python 3 lacks a module (PEP 594, PEP 632, "What's New")."""

ADDED = {"graphlib": 9, "zoneinfo": 9, "tomllib": 11, "annotationlib": 14, "compression": 14}
"""Since which minor version Python 3 has a module ("What's New in Python")."""


def has(name: str, python: str) -> bool:
    """Return whether a version such as ``3.12`` has a top-level module."""
    minor = int(python.split(".")[1])
    return name in NAMES and ADDED.get(name, 0) <= minor < REMOVED.get(name, minor + 1)
