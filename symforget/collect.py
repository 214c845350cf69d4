"""Finding claims: derivation files on disk, and the selection a user asks for."""

from __future__ import annotations

import difflib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symforget.authoring import ClaimSpec
from symforget.claims import Claim, Densities, Part
from symforget.errors import InputError, LemmaUnavailable, TimeLimit
from symforget.instances import needs_instance


@dataclass(frozen=True)
class Entry:
    """A claim as found: its group, its specification, and the file that states it."""

    group: str
    spec: ClaimSpec
    path: Path

    @property
    def id(self) -> str:
        return f"{self.group}/{self.spec.slug}"


@dataclass(frozen=True)
class Library:
    """All claims of some derivation files, in file order; ``broken`` maps a file to why it could not be read."""

    entries: Mapping[str, Entry]
    broken: Mapping[str, str]
    _built: dict[str, Claim] = field(default_factory=dict, repr=False, compare=False)

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.entries)

    @property
    def claims(self) -> tuple[Claim, ...]:
        return tuple(self.claim(i) for i in self.ids)

    @property
    def answers(self) -> dict[str, tuple[str, ...]]:
        """A sentence's key -> the claims that answer it."""
        found: dict[str, tuple[str, ...]] = {}
        for entry in self.entries.values():
            for key in entry.spec.sentences:
                found[key] = (*found.get(key, ()), entry.id)
        return found

    def is_broken(self, claim_id: str) -> bool:
        """Whether the file that would state this claim could not be read."""
        return any(Path(path).stem == claim_id.split("/")[0] for path in self.broken)

    def claim(self, claim_id: str, constants: Mapping[str, Any] | None = None) -> Claim:
        """Build one claim, with its own constants or with others in their place.

        Raises:
            InputError: no such claim (the nearest is suggested), or its function raised, whatever it raised.
        """
        if claim_id not in self.entries:
            raise InputError(unknown(claim_id, self.ids))
        entry = self.entries[claim_id]
        if constants:
            return _build(entry, constants)
        if claim_id not in self._built:
            self._built[claim_id] = _build(entry)
        return self._built[claim_id]

    def lemmas_for(self, user: Claim, used_in: Part) -> Callable[[str, str], tuple[Any, Mapping[Any, Any]]]:
        """What a derivation of one part may use: parts of the claims its claim depends on, and its own earlier parts.

        Dependencies never form a circle, so neither can proofs.
        """

        def lemma(claim_id: str, part: str) -> tuple[Any, Mapping[Any, Any]]:
            if claim_id == user.id:
                earlier = user.parts[: [p.name for p in user.parts].index(used_in.name)]
                return _find_part(claim_id, earlier, part).statement, user.domain
            if claim_id not in user.depends_on:
                raise InputError(f"{user.id} uses {claim_id}, which is not among the claims it depends on")
            if self.is_broken(claim_id):
                raise LemmaUnavailable(f"{claim_id} is stated in a file that could not be read")
            found = self.claim(claim_id)
            statement = _find_part(claim_id, found.parts, part).statement
            wider = found.densities is Densities.GAUSSIAN and user.densities is not Densities.GAUSSIAN
            if wider and needs_instance(statement):
                raise InputError(f"{user.id} is for more densities than {claim_id}, which it uses: Gaussian ones")
            return statement, found.domain

        return lemma


def output_apart() -> AbstractContextManager[Any]:
    """While a derivation file's code runs: what it prints goes to standard error, since reports own standard output."""
    return redirect_stdout(sys.stderr)


def _build(entry: Entry, constants: Mapping[str, Any] | None = None) -> Claim:
    try:
        with output_apart():
            return entry.spec.build(entry.group, constants)
    except (KeyboardInterrupt, TimeLimit):
        raise
    except BaseException as error:  # the function is the user's code: whatever it raises is that claim's error
        line = line_of(error) or entry.spec.function.__code__.co_firstlineno
        said = _said(error).removeprefix(f"{entry.id}: ")
        raise InputError(f"{entry.path.name}: {entry.id}: {said} (line {line})") from error


def _find_part(claim_id: str, parts: Sequence[Part], name: str) -> Part:
    for candidate in parts:
        if candidate.name == name or (not name and len(parts) == 1):
            return candidate
    names = ", ".join(p.name for p in parts) or "none"
    raise InputError(f"{claim_id} has no part {name!r} to use here; there are: {names}")


def no_claim(name: str, library: Library, files: Iterable[Path]) -> str:
    """One line that says why a selector finds nothing: it may be a file of another kind, or its group be hidden."""
    path, group = Path(name), name.split("/")[0]
    hiding = next((f for f in files if f.stem == group), None)
    if path.is_dir():
        return f"{name}: is a directory; name a derivation file (.py), a group or a claim"
    if path.is_file() and path.suffix == ".toml":
        return f"{name}: a claims file is checked by `symforget check {name}`"
    if path.is_file():
        return f"{name}: not a derivation file, whose name ends in .py"
    said = unknown(name, [*library.ids, *dict.fromkeys(i.split("/")[0] for i in library.ids)])
    if hiding is not None and hiding.stem in {p.stem for p in shipped_files()}:
        said += f" ({hiding} takes the place of the group {group} that ships with symforget)"
    return said


def unknown(name: str, known: Iterable[str]) -> str:
    """One line that says a name is unknown and suggests the nearest one."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f'no claim, group or file "{name}"' + (f'; did you mean "{close[0]}"?' if close else "")


def shipped_directory() -> Path:
    """Where the derivation files that come with symforget are: in the wheel, or beside the package in a checkout."""
    inside = Path(__file__).parent / "_derivations"
    return inside if inside.is_dir() else Path(__file__).parent.parent / "derivations"


def shipped_files() -> tuple[Path, ...]:
    """The shipped derivation files in the order of the theory."""
    order = ["overlap", "forward_kl", "reverse_kl", "geometry", "replay", "sdft", "ttt_discover", "oapl", "visibility"]
    found = sorted(p for p in shipped_directory().glob("*.py") if not p.name.startswith("_"))
    return tuple(sorted(found, key=lambda p: (order.index(p.stem) if p.stem in order else len(order), p.stem)))


def load(paths: Iterable[Path]) -> Library:
    """Read derivation files. A file that raises is recorded as broken and harms no other."""
    entries: dict[str, Entry] = {}
    broken: dict[str, str] = {}
    for path in paths:
        try:
            for entry in _read(path):
                if entry.id in entries:
                    raise InputError(f"{entry.id} is stated twice")
                entries[entry.id] = entry
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a derivation file is the user's code: whatever it raises is reported, once
            broken[str(path)] = f"{path.name}: {_one_line(error)}"
    return Library(entries, broken)


def _read(path: Path) -> list[Entry]:
    if not path.is_file():
        raise InputError("no such file")
    name = f"symforget_derivation_{path.stem}_{abs(hash(str(path.resolve()))):x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise InputError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    with output_apart():
        spec.loader.exec_module(module)
    found = [value for value in vars(module).values() if isinstance(value, ClaimSpec)]
    return [Entry(path.stem, s, path) for s in found if s.function.__module__ == name]


def _one_line(error: BaseException) -> str:
    """The error's text on one line, with its place in the derivation file if it has one."""
    line = line_of(error)
    return _said(error) + (f" (line {line})" if line else "")


def _said(error: BaseException) -> str:
    """The error's text on one line; its type too, unless it is one of ours, which speak for themselves."""
    text = " ".join((error.msg if isinstance(error, SyntaxError) else str(error)).split())
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}".removesuffix(": ")


def line_of(error: BaseException) -> int | None:
    """The line of a derivation file where an error arose, if it did in one."""
    if isinstance(error, SyntaxError):
        return error.lineno
    traceback, line = error.__traceback__, None
    while traceback is not None:
        if "symforget_derivation" in traceback.tb_frame.f_globals.get("__name__", ""):
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


def split_selectors(selectors: Iterable[str]) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Files among the selectors, each once, and the rest: groups and IDs."""
    files = {Path(s).resolve(): Path(s) for s in selectors if s.endswith(".py")}
    return tuple(files.values()), tuple(s for s in selectors if not s.endswith(".py"))


def collect(selectors: Iterable[str] = ()) -> tuple[Library, tuple[str, ...]]:
    """The library (shipped files and named ones) and the IDs selected, in file order; all shipped claims by default.

    A file is the whole of its claims; one with the name of a shipped group takes that group's place.

    Raises:
        InputError: a selector matches nothing, or a named file cannot be read.
    """
    files, names = split_selectors(selectors)
    for path in files:
        if not path.is_file():
            raise InputError(f"{path}: {'is a directory' if path.is_dir() else 'no such file'}")
    replaced = {p.stem for p in files}
    library = load([*(p for p in shipped_files() if p.stem not in replaced), *files])
    wanted = [i for i in library.ids if library.entries[i].path in files]
    for name in names:
        matching = [i for i in library.ids if i == name or i.split("/")[0] == name]
        if not matching and not library.is_broken(name):
            raise InputError(no_claim(name, library, files))
        wanted += matching
    chosen = set(wanted) if files or names else set(library.ids)
    return _restrict_broken(library, files, names), tuple(i for i in library.ids if i in chosen)


def _restrict_broken(library: Library, files: tuple[Path, ...], names: tuple[str, ...]) -> Library:
    """Report a broken file only if the selection would have used it."""
    if not files and not names:
        return library
    groups = {n.split("/")[0] for n in names} | {p.stem for p in files}
    return Library(library.entries, {p: why for p, why in library.broken.items() if Path(p).stem in groups})
