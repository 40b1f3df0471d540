"""What all tests share: golden files with one way to refresh them, kernels that lie beside the project."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench import guest_coverage
from bench.compiling import compile_once
from emu.elf.bzimage import BzImage
from emu.elf.kernel_file import read_kernel

GOLDEN = Path(__file__).parent / "golden"
_begun: dict[str, str] = {}  # the environment in which the first test begins


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--guest-coverage",
        metavar="FILE",
        type=Path,
        help="add which ways the guest's branches go to the record in FILE; `emu coverage --read FILE` prints it",
    )
    parser.addoption("--update-golden", action="store_true", help="write what was got into the golden files: review the diff")


def pytest_configure(config: pytest.Config) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it, and so would what tests start
    os.environ["PYTHONSAFEPATH"] = "1"  # what tests start imports the package that they import, not what lies in the folder
    path = config.getoption("--guest-coverage")
    if path is not None:
        guest_coverage.start(path.absolute())


def pytest_sessionstart() -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:
        compile_once()


@pytest.fixture(scope="module", autouse=True)
def environment_as_it_was() -> None:
    """What the tests of one file set, those of the next one do not find: a cache of somebody else's made one wait for minutes."""
    now = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    if not _begun:
        _begun.update(now)
    assert now == _begun


@pytest.fixture(scope="session")
def boots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where boots are kept: apart from those of whoever runs the tests."""
    return tmp_path_factory.mktemp("boots")


@pytest.fixture(scope="module")
def boots_apart(boots: Path) -> Iterator[None]:
    """Boots are kept there by the tests of one file: the scope ends with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(boots))
        yield


def pytest_runtest_setup() -> None:
    os.environ.pop("COLUMNS", None)  # xdist's workers have the width of its own terminal there


def pytest_sessionfinish() -> None:
    guest_coverage.finish()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare text with the file of that name in tests/golden, or write it there with --update-golden."""

    def check(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            return
        assert path.exists(), f"no golden file {path}: run pytest with --update-golden and review it"
        assert text == path.read_text(), f"{path} differs: if the new text is right, run pytest with --update-golden"

    return check


@pytest.fixture(scope="session")
def shared() -> Path:
    """Kernels and programs that lie beside the project."""
    folder = Path(__file__).parents[2] / "shared" / "boot"
    if not folder.is_dir():
        pytest.skip(f"no kernels to boot: there is no {folder}")
    return folder


@pytest.fixture(scope="session")
def vmlinux(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As it is linked: a fifth of the instructions of the bzImage, whose own code unpacks it."""
    kernel = read_kernel(shared / "bzImage-small-wakeq")
    assert isinstance(kernel, BzImage)
    path = tmp_path_factory.mktemp("kernel") / "vmlinux"
    path.write_bytes(kernel.vmlinux())
    return path
