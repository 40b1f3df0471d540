"""What `make kernel` does with an apt of the test's own: scripts that answer as apt does."""

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import debian_kernel
import pytest

from bench.elf.made_files import bzimage, elf

PACKAGE = "linux-image-6.1.0-57-cloud-amd64"
VMLINUZ = bzimage(gzip.compress(elf()))
DEPENDS = f"linux-image-cloud-amd64\n  Depends: {PACKAGE}\n"


def tar() -> bytes:
    """What `dpkg-deb --fsys-tarfile` gives of a package."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in (("vmlinuz-6.1", VMLINUZ), ("System.map-6.1", b"a map"), ("config-6.1", b"")):
            member = tarfile.TarInfo(f"./boot/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the tools, alone in PATH; what each says is a file beside it."""
    tools = tmp_path / "tools"
    tools.mkdir()
    deb = b"a package"
    (tools / "deb").write_bytes(deb)
    (tools / "tar").write_bytes(tar())
    (tools / "depends").write_text(DEPENDS)
    (tools / "uris").write_text(f"'http://x/y.deb' {PACKAGE}_6.1_amd64.deb 9 SHA256:{hashlib.sha256(deb).hexdigest()}\n")
    for name, body in {
        "apt-cache": f"/bin/cat {tools}/depends",
        "apt-get": f'if [ "$2" = --print-uris ]; then /bin/cat {tools}/uris; else /bin/cp {tools}/deb y.deb; fi',
        "dpkg-deb": f"/bin/cat {tools}/tar",
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tools


def test_the_kernel_is_fetched_once_and_found_again(apt: Path) -> None:
    assert debian_kernel.fetched() is None
    kernel = debian_kernel.fetch()
    assert kernel.folder.name == f"{PACKAGE}_6.1_amd64"
    assert kernel.vmlinux.read_bytes() == elf()
    assert kernel.vmlinuz.read_bytes() == VMLINUZ
    assert kernel.system_map.read_bytes() == b"a map"
    (apt / "deb").write_bytes(b"another package, which nobody asks for")
    assert debian_kernel.fetch() == kernel == debian_kernel.fetched()
    assert {path.name for path in kernel.folder.parent.iterdir()} == {kernel.folder.name, "latest"}


def test_a_package_that_is_not_what_apt_says_is_not_used(apt: Path) -> None:
    (apt / "deb").write_bytes(b"something else")
    with pytest.raises(debian_kernel.CannotFetch, match=r"y\.deb has SHA256 \w+, and apt says \w+: not used"):
        debian_kernel.fetch()
    assert debian_kernel.fetched() is None


@pytest.mark.parametrize(
    ("tool", "body", "words"),
    [
        ("apt-cache", None, "apt-cache is missing: the stock kernel comes from Debian by apt; tests that need it are skipped"),
        ("apt-cache", "echo nothing", "apt knows no linux-image-cloud-amd64: it is Debian's, and `apt-get update`"),
        ("apt-cache", "echo 'E: No packages found' >&2; exit 100", "failed: E: No packages found"),
        ("dpkg-deb", "echo no archive", "make kernel: "),
        ("apt-get", "echo", f"apt knows no place and SHA256 of {PACKAGE}: try `apt-get update`"),
    ],
)
def test_what_is_missing_is_said(apt: Path, capsys: pytest.CaptureFixture[str], tool: str, body: str | None, words: str) -> None:
    (apt / tool).unlink()
    if body is not None:
        (apt / tool).write_text(f"#!/bin/sh\n{body}\n")
        (apt / tool).chmod(0o755)
    assert debian_kernel.main() == 1
    assert words in capsys.readouterr().err
