"""What a command line does, told by its words: enough to know a look from a change.

Not a shell: a line reads only when it is made of commands that only read, with options that are known to change
nothing, joined by pipes or one after the other. Whatever a shell would substitute, redirect or run in the background
makes it untold, and so does every program that is not on the list: the tool stays what it is, which is the safe way to
be wrong. Limits: an alias or a function of the same name is not seen, nor a program put before it in the path.
"""

import re
import shlex

from remit.catalogue.words import word_set
from remit.terms import OperationClass

MAX_COMMAND = 4_000  # characters; a longer one is not told
_HARMLESS = re.compile(r"\s2>(?:&1|/dev/null)(?=\s|$)")  # where errors go
_EXPANDS = re.compile(r"[`$\\\r\n!]")  # in quotes too
_SHELL = re.compile(r"[<>{}#~()]|(?<!&)&(?!&)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_JOINS = frozenset(("|", "||", "&&", ";"))
_MARKS = frozenset("|&;()")
_READERS = word_set(
    """
    ls cat head tail grep egrep fgrep wc cut tr pwd cd echo whoami id uname du df stat which diff cmp md5sum sha1sum
    sha256sum sha512sum cksum basename dirname realpath readlink sort uniq nl jq true rg tree file strings od hexdump
    tac rev column comm paste join fold seq printf nproc uptime free ps who groups arch lscpu lsblk printenv nm readelf
    """
)
_LOOKS = {  # programs whose next word says what they do
    "git": word_set(
        """
        status log diff show blame ls-files ls-tree cat-file grep rev-parse rev-list merge-base name-rev shortlog
        describe for-each-ref count-objects whatchanged check-ignore
        """
    ),
    "docker": word_set("ps images logs inspect top stats version info"),
    "kubectl": word_set("get describe logs top version explain"),
    "npm": word_set("ls list view outdated"),
    "pip": word_set("list show freeze check"),
    "systemctl": word_set("status is-active is-enabled list-units"),
    "cargo": word_set("tree metadata"),
    "helm": word_set("list status history"),
    "terraform": word_set("show output version"),
    "apt": word_set("list show policy"),
    "brew": word_set("list info"),
}
# Words of programs that list where nothing more, or one of these, follows, and change something else.
_LISTS = {
    ("git", "branch"): word_set("-a -r -v -vv -l --all --remotes --verbose --list --merged --no-merged --show-current"),
    ("git", "tag"): word_set("-l --list --merged --no-merged"),
    ("git", "remote"): word_set("-v --verbose get-url"),
    ("git", "stash"): word_set("list show"),
    ("git", "worktree"): word_set("list"),
    ("git", "config"): word_set("--list -l --get --get-all"),
    ("gh", "pr"): word_set("list view diff checks status"),
    ("gh", "issue"): word_set("list view status"),
    ("gh", "run"): word_set("list view"),
    ("crontab", "-l"): frozenset(),
}
_ASKED = word_set("-l --list --merged --no-merged --get --get-all get-url list show view diff checks status")
_VERSIONS = word_set("python python3 node npm pip cargo rustc go java make gcc docker git kubectl terraform helm")
_FIND = word_set("name iname path ipath type maxdepth mindepth size mtime mmin newer not o a empty print regex")
_LONG = word_set(
    """
    all almost-all author bytes cached color count exclude exclude-dir files-with-matches follow format graph
    human-readable ignore-case include invert-match line-number lines max-count max-depth name-only name-status no-pager
    numeric-sort oneline only-matching pretty quiet raw-output recursive reverse short since sort stat staged summarize
    tail unique until version word-regexp words
    """
)
# Short options that do more than look, of programs whose long ones do as well.
_WRITES = {
    "sort": "oT",
    "git": "oO",
    "tree": "o",
    "file": "Cm",
}


def command_classes(text: str) -> tuple[OperationClass, ...]:
    """(READ,) for a command line that only looks; () where its words do not tell."""
    if len(text) > MAX_COMMAND:
        return ()
    text = _HARMLESS.sub(" ", text)
    if _EXPANDS.search(text) or _SHELL.search(_QUOTED.sub(" ", text)):
        return ()
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;()")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:  # a quote that does not end
        return ()
    if words[-1:] == [";"]:
        words.pop()
    commands: list[list[str]] = [[]]
    for word in words:
        if word in _JOINS:
            commands.append([])
        elif _MARKS.issuperset(word):
            return ()
        else:
            commands[-1].append(word)
    return (OperationClass.READ,) if all(map(_looks, commands)) else ()


def _looks(command: list[str]) -> bool:
    if not command:
        return False
    program, *rest = command
    if program == "find":
        return all(word.lstrip("-") in _FIND for word in rest if word.startswith("-") and len(word) > 1)
    if rest and (program, rest[0]) in _LISTS:
        return _lists(_LISTS[program, rest[0]], rest[1:])
    if program in _VERSIONS and rest in (["--version"], ["-V"], ["version"]):
        return True
    if program in _LOOKS:
        if not rest or rest[0] not in _LOOKS[program]:
            return False
        rest = rest[1:]
    elif program not in _READERS:
        return False
    if program == "uniq" and any(not word.startswith("-") for word in rest):
        return False  # its second file is written
    if program in _WRITES and any("*" in word or "?" in word for word in rest):
        return False  # a file may be called like an option
    return all(_option(program, word) for word in rest if word.startswith("-"))


def _lists(known: frozenset[str], rest: list[str]) -> bool:
    """Whether only known words follow; a name may follow one that asks about it: `git branch --list 'fix*'`."""
    if not rest or rest[0] not in known:
        return not rest and bool(known & {"-a", "-v", "--list"} or not known)
    plain = [word for word in rest if not word.startswith("-") and word not in known]
    options = all(word in known or word[2:].partition("=")[0] in _LONG for word in rest if word.startswith("-"))
    return options and (not plain or not _ASKED.isdisjoint(rest))


def _option(program: str, word: str) -> bool:
    if word.startswith("--"):
        return word[2:].partition("=")[0] in _LONG or word == "--"
    return not set(word) & set(_WRITES.get(program, ""))
