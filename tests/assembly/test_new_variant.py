"""A variant of one's own: the folder it begins with, and what it is when a line of it is changed."""

from pathlib import Path

import pytest

from emu.assembly import assemble_variant, get_variant
from emu.assembly.new_variant import make_variant
from emu.assembly.variants import lock_kind
from emu.errors import UserError


def test_it_is_the_kernel_it_was_made_from_until_it_is_changed(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    files = make_variant(mine, get_variant("wakeq"))
    assert {"do_msgsnd.S", "do_msgrcv.S", "ss_wakeup.S"} <= set(files)
    assert {"inline/wake_receiver.S", "inline/senders_wake_up_q.S"} <= set(files)
    assert sorted(str(path.relative_to(mine)) for path in mine.rglob("*.*")) == sorted([*files, "variant.toml"])
    theirs, ours = assemble_variant("wakeq"), assemble_variant(str(mine))
    assert ours.text.data == theirs.text.data
    assert ours.variant == str(mine)
    for name in ("ss_wakeup", "do_msgsnd"):  # the variant's own, and one that all variants share
        routine = mine / f"{name}.S"
        first = f"{name}:\n"
        routine.write_text(routine.read_text().replace(first, f"{first}    nop\n"))
        ours = assemble_variant(str(mine))
        assert ours.text.data[ours.symbols[name] - ours.text.virtual] == 0x90


@pytest.mark.parametrize("base", ["baseline-ticket", "wakeq-release-fixed"])
def test_one_made_from_ones_own_is_the_same_again(tmp_path: Path, base: str) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    files = make_variant(first, get_variant(base))
    assert make_variant(second, get_variant(str(first))) == files
    (first / "kept" / "deep").mkdir(parents=True)
    (first / "kept" / "deep" / "do_msgsnd.S").write_text("no routine: it lies deeper")
    assert make_variant(tmp_path / "third", get_variant(str(first))) == files
    for folder in (first, second):
        variant = get_variant(str(folder))
        assert (variant.name, variant.extends, lock_kind(variant)) == (folder.name, base, lock_kind(get_variant(base)))
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in files)


def test_the_lock_of_one_that_extends_nothing_is_kept(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "variant.toml").write_text('name = "root"\nsummary = "s"\nlock = "ticket"\n')
    assert make_variant(tmp_path / "next", get_variant(str(root))) == []
    assert lock_kind(get_variant(str(tmp_path / "next"))) == "ticket"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("there", "there is something of that name already"),
        ("dangling", "there is something of that name already"),
        ("wakeq", "wakeq comes with emu; choose another name"),
        ("no/where", "there is no directory"),
        (".hidden", "its name must be up to 64 letters"),
        ("two words", "its name must be up to 64 letters"),
        ("x" * 65, "its name must be up to 64 letters"),
    ],
)
def test_places_that_are_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "there" / "nothing")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError, match=message):
        make_variant(tmp_path / name, get_variant("wakeq"))
    assert sorted(tmp_path.rglob("*")) == before


def test_nothing_is_left_of_one_that_could_not_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("emu.assembly.new_variant.shutil.copyfile", no_space)
    with pytest.raises(UserError, match="cannot be made: No space left on device"):
        make_variant(tmp_path / "mine", get_variant("wakeq"))
    assert list(tmp_path.iterdir()) == []
