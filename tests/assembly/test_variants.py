"""Which files make up a variant, and where the guest's folders are found."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emu.assembly import differing_files, get_variant, guest_folder
from emu.assembly import variants as known_variants
from emu.assembly.variants import (
    all_differing_files,
    broken_variants,
    kernel_inlines,
    kernel_sources,
    lock_kind,
    user_sources,
)
from emu.errors import InternalError, UserError
from emu.sources import FIRMWARE, SNIPPETS


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty guest beside the package `emu` of a pretended checkout."""
    for folder in ("emu", FIRMWARE + "/user", FIRMWARE + "/lock", SNIPPETS + "/common"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr("emu.sources.files", lambda _: tmp_path / "emu")
    guest_folder.cache_clear()
    yield tmp_path
    guest_folder.cache_clear()


def add(guest: Path, *files: str, **variants: str) -> None:
    for file in files:
        path = guest / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
    for name, extends in variants.items():
        more = f'extends = "{extends}"' if extends else ""
        (guest / SNIPPETS / name).mkdir(exist_ok=True)
        (guest / SNIPPETS / name / "variant.toml").write_text(f'name = "{name}"\nsummary = "of a test"\n{more}\n')


def test_later_files_replace_earlier_ones(guest: Path) -> None:
    add(guest, "firmware/lock/lock.S", "firmware/user/main.S", "kernel_snippets/common/shared.S", "kernel_snippets/common/send.S")
    add(guest, "kernel_snippets/old/send.S", "kernel_snippets/old/receive.S", "kernel_snippets/new/receive.S", old="", new="old")
    found = {name: path.relative_to(guest).parent.name for name, path in kernel_sources(get_variant("new")).items()}
    assert found == {"lock": "lock", "receive": "new", "send": "old", "shared": "common"}
    assert list(found) == sorted(found)
    assert list(user_sources()) == ["main"]
    assert differing_files(get_variant("new")) == ["receive.S"]


def test_inline_routines_are_no_routines_and_are_replaced_alike(guest: Path) -> None:
    add(guest, "firmware/lock/lock.S", "kernel_snippets/old/send.S", old="", new="old")
    for folder in ("firmware", "kernel_snippets/common", "kernel_snippets/old", "kernel_snippets/new"):
        (guest / folder).mkdir(exist_ok=True)
    add(guest, "firmware/inline/unlock.S", "firmware/inline/relax.S", "firmware/inline/lock_it.S")
    add(guest, "kernel_snippets/old/inline/unlock.S", "kernel_snippets/old/inline/relax.S", "kernel_snippets/new/inline/unlock.S")
    found = {name: str(path.relative_to(guest).parent) for name, path in kernel_inlines(get_variant("new")).items()}
    assert found == {
        "lock_it": "firmware/inline",
        "relax": "kernel_snippets/old/inline",
        "unlock": "kernel_snippets/new/inline",
    }
    assert list(kernel_sources(get_variant("new"))) == ["lock", "send"]
    assert differing_files(get_variant("new")) == ["inline/unlock.S"]


def test_the_kind_of_lock_is_that_of_the_nearest_that_names_one(guest: Path) -> None:
    add(guest, plain="", other="plain", based_on_other="other")
    with (guest / SNIPPETS / "other" / "variant.toml").open("a") as file:
        file.write('lock = "ticket"\n')
    assert {name: lock_kind(get_variant(name)) for name in ("plain", "other", "based_on_other")} == {
        "plain": "queued",
        "other": "ticket",
        "based_on_other": "ticket",
    }


def test_the_folders_of_an_installed_package(guest: Path) -> None:
    (guest / "emu/_guest/firmware").mkdir(parents=True)
    assert guest_folder(FIRMWARE) == guest / "emu/_guest/firmware"
    assert guest_folder(SNIPPETS) == guest / SNIPPETS
    (guest / FIRMWARE).rename(guest / "elsewhere")
    with pytest.raises(InternalError, match="the folder nowhere/ is neither in the checkout nor in the installed package"):
        guest_folder("nowhere")


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('name = "x"', r"variant.toml: summary is missing"),
        ('name = "x"\nsummary = 1', r"variant.toml: summary must be text, not 1"),
        ('name = "y"\nsummary = "s"', r"variant.toml: name must be 'x', as its folder, not 'y'"),
        ('name = "x"\nsummary = "s"\nextend = "y"', r"variant.toml: unknown key 'extend'"),
        ('name = "x"\nsummary = "s"\nextends = "z"', r"x/variant.toml: extends must be one of x, not 'z'"),
        ('name = "x"\nsummary = "s"\nlock = "none"', r"x/variant.toml: lock must be one of queued, ticket, not 'none'"),
        ('name = "x"\nsummary = "s"\nextends = "x"', r"x/variant.toml: extends leads in a circle"),
        ("name = ", r"variant.toml: not TOML"),
    ],
)
def test_a_wrong_variant_is_named(guest: Path, toml: str, message: str) -> None:
    add(guest, "kernel_snippets/x/variant.toml")
    (guest / "kernel_snippets/x/variant.toml").write_text(toml)
    with pytest.raises(UserError, match=message):
        kernel_sources(get_variant("x"))


def test_two_firmware_files_of_one_name(guest: Path) -> None:
    add(guest, "firmware/lock/a.S", "firmware/irq/a.S", x="")
    with pytest.raises(UserError, match=r"firmware/lock/a.S: routine a is also in .*firmware/irq/a.S"):
        kernel_sources(get_variant("x"))


def test_an_unknown_variant_is_answered_with_those_there_are() -> None:
    names = ", ".join(sorted(known_variants()))
    with pytest.raises(UserError, match=f"variant must be one of {names} or the path of a folder, such as ./mine, not 'waqe'"):
        get_variant("waqe")
    assert known_variants()["wakeq"].summary


def test_a_broken_variant_does_not_stop_the_others(guest: Path) -> None:
    add(guest, "kernel_snippets/torn/variant.toml", "kernel_snippets/odd/variant.toml", good="", leaning="torn")
    (guest / "kernel_snippets/torn/variant.toml").write_text("name = ")
    (guest / "kernel_snippets/odd/variant.toml").write_bytes(b"\xff\x00")
    assert list(known_variants()) == ["good"]
    assert get_variant("good").name == "good"
    broken = broken_variants()
    assert sorted(broken) == ["leaning", "odd", "torn"]
    assert "torn/variant.toml: not TOML" in broken["torn"]
    assert "torn/variant.toml: not TOML" in broken["leaning"]
    for name, reason in broken.items():
        with pytest.raises(UserError) as refused:
            get_variant(name)
        assert str(refused.value) == reason


def own(folder: Path, toml: str, *files: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "variant.toml").write_text(f'name = "{folder.name}"\nsummary = "of a test"\n{toml}\n')
    for file in files:
        (folder / file).write_text("")
    return folder


def test_a_folder_of_ones_own_extends_one_that_comes_with_emu(guest: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(guest, "firmware/lock/lock.S", "kernel_snippets/common/shared.S", "kernel_snippets/old/send.S", old="")
    mine = own(guest / "home" / "mine", 'extends = "old"', "shared.S", "lock.S")
    monkeypatch.chdir(guest / "home")
    for path in ("./mine", "../home/mine/", str(mine)):
        variant = get_variant(path)
        assert variant.name == "mine"
        found = {name: path.resolve().relative_to(guest).parent.as_posix() for name, path in kernel_sources(variant).items()}
        assert found == {"lock": "home/mine", "send": "kernel_snippets/old", "shared": "home/mine"}
    assert sorted(all_differing_files(variant)) == ["lock.S", "send.S", "shared.S"]
    assert list(known_variants()) == ["old"]


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('extends = "nope"', "mine/variant.toml: extends must be one of old, not 'nope'"),
        ('lock = "rusty"', "mine/variant.toml: lock must be one of queued, ticket, not 'rusty'"),
        ("colour = 3", "mine/variant.toml: unknown key 'colour'"),
    ],
)
def test_what_is_wrong_with_a_folder_of_ones_own(guest: Path, toml: str, message: str) -> None:
    add(guest, old="")
    with pytest.raises(UserError, match=message):
        get_variant(str(own(guest / "mine", toml)))


def test_a_path_without_a_variant(guest: Path) -> None:
    (guest / "empty").mkdir()
    (guest / "file").write_text("")
    for path, message in (
        ("empty", "there is no variant.toml in it"),
        ("nowhere", "there is no such folder"),
        ("file", "there is no variant.toml in it"),
        ("x" * 300, "there is no such folder"),
    ):
        with pytest.raises(UserError, match=message):
            get_variant(str(guest / path))
