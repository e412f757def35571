"""The shared libraries that Lambda's Python runtimes have, by the system that they are made of."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Collection

from ..request import Target

GLIBC = {
    *("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1", "libutil.so.1"),
    *("libresolv.so.2", "libanl.so.1", "libBrokenLocale.so.1", "libthread_db.so.1"),
    *("libnss_files.so.2", "libnss_dns.so.2", "libnss_compat.so.2", "linux-vdso.so.1"),
}
"""What glibc installs on every machine (its shlib-versions; vdso(7) for the kernel's)."""

GLIBC_OF_MACHINE = {
    # libmvec came to x86_64 with glibc 2.22 and to aarch64 with 2.38, later than either system's
    # (glibc's NEWS).
    "x86_64": {"ld-linux-x86-64.so.2", "libmvec.so.1"},
    "aarch64": {"ld-linux-aarch64.so.1"},
}

OTHERS = {"libgcc_s.so.1", "libstdc++.so.6", "libz.so.1"}
"""libgcc, libstdc++ and zlib are in both systems' base images."""

SPLIT_OFF = {
    # Amazon Linux 2: glibc 2.26 still has both of its own.
    "2.26": {"libcrypt.so.1", "libnsl.so.1"},
    # Amazon Linux 2023, made of Fedora: libxcrypt has the new name alone, the old one is in
    # libxcrypt-compat; libnsl is a package of its own since glibc 2.28. Neither is in the image
    # (Fedora's changes "Replace glibc's libcrypt with libxcrypt" and "NIS removal from glibc").
    "2.34": {"libcrypt.so.2"},
}
"""What glibc had and gave away."""

OPENSSL = {
    # Amazon Linux 2: a function's own listing of /lib64 (awslabs/aws-media-replay-engine#13).
    "2.26": {"libssl.so.10", "libcrypto.so.10"},
    # Amazon Linux 2023: openssl-libs in the minimal image, and /var/lang/lib of Lambda's
    # (amazonlinux/amazon-linux-2023#625).
    "2.34": {"libssl.so.3", "libcrypto.so.3"},
}


def provided(target: Target) -> set[str]:
    """Return the names of the libraries that the target's runtime has."""
    return (
        GLIBC
        | OTHERS
        | GLIBC_OF_MACHINE.get(target.machine, set())
        | SPLIT_OFF.get(target.glibc, set())
        | OPENSSL.get(target.glibc, set())
    )


def is_provided(name: str, known: Collection[str]) -> bool:
    """Whether a needed library is among those known, or is the interpreter."""
    base = PurePosixPath(name).name
    # Extension modules may name the interpreter, which is loaded already.
    return base in known or base.startswith("libpython3")
