"""Command lines: what only looks is told from what may change something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.catalogue import classes_of, mode_of, said_by, statement_of
from remit.catalogue.commands import command_classes
from remit.terms import OperationClass

READS = (OperationClass.READ,)


@pytest.mark.parametrize(
    "line",
    [
        "ls -la",
        "grep -c ERROR run.log",
        "grep '[a-z]{2};' notes.txt 2>/dev/null",
        "cat a.txt | sort -rn | uniq -c | head -n 5",
        "cd /srv/app && git log --oneline -5",
        "find . -name '*.py' -type f",
        "kubectl get pods -n prod -o wide",
        "git status;",
        "git grep -n burst_limit",
        "git ls-files src | wc -l",
        "git ls-tree -r HEAD --name-only",
        "git branch -a --merged",
        "git branch --list 'fix/*'",
        "git branch",
        "git tag -l",
        "git remote -v",
        "git stash list",
        "git config --get user.name",
        "gh pr view 12",
        "rg -n burst src",
        "python3 --version",
        "crontab -l",
    ],
)
def test_a_line_that_only_looks_reads(line: str) -> None:
    assert command_classes(line) == READS


@pytest.mark.parametrize(
    "line",
    [
        "",
        "rm -rf /",
        "cat a; rm b",
        "ls && rm b",
        "ls||rm b",
        "ls & rm b",
        "ls|sh",
        "ls\nrm b",
        "ls (rm b)",
        "echo hi;;rm b",
        "cat a > b",
        "cat <(rm b)",
        "echo $(rm b)",
        'echo "$(rm b)"',
        "echo `rm b`",
        "echo $HOME",
        "PATH=. ls",
        "/tmp/ls",
        "find . -delete",
        "find . -name x -exec rm {} +",
        "find . -fprint b",
        "sort -o b a",
        "sort --output=b a",
        "sort --compress-program=sh a",
        "sort *",
        "uniq a b",
        "git -c core.pager=sh log",
        "git diff --output=b",
        "git grep -Osh x",
        "git push",
        "git branch fix/new",
        "git branch -D old",
        "git branch -a -D old",
        "git branch -m a b",
        "git tag v1",
        "git tag -d v1",
        "git remote add x https://x.example/r",
        "git stash",
        "git stash drop",
        "git config user.name x",
        "git config --get x --replace-all",
        "git checkout main",
        "gh pr merge 12",
        "gh pr",
        "rg --pre sh x",
        "tree -o b",
        "file -C -m b",
        "go list -toolexec=sh -export",
        "crontab -r",
        "python3 x.py --version",
        "make test",
        "kubectl exec pod -- sh",
        "docker run image",
        "date 112315302026",
        "env",
        "ls 'a",
        "ls " + "x" * 5000,
    ],
)
def test_a_line_that_may_do_more_is_not_told(line: str) -> None:
    assert command_classes(line) == ()


@given(st.text(alphabet=st.sampled_from("rm ls;|&$`(){}<>\n\\'\"-/#~!=.*"), max_size=40))
def test_no_line_that_runs_another_program_reads(line: str) -> None:
    """Of these letters only `ls` and `rm` can be spelt: nothing but looks at `ls`, joined, may be told."""
    if command_classes(line) == READS:
        assert not any(mark in line for mark in "$`<>\n\\(){}#~!")
        plain = line.replace("'", "").replace('"', "").replace("|", ";").replace("&", ";").split(";")
        assert all(part.split()[:1] in (["ls"], []) or "'" in line or '"' in line for part in plain)


def test_a_tool_that_takes_a_command_line_does_what_the_line_does() -> None:
    free, named = {"properties": {"command": {"type": "string"}}}, {"properties": {"command": {"enum": ["start"]}}}
    assert (statement_of(free), mode_of(free)) == ("command", "")
    assert (statement_of(named), mode_of(named)) == ("", "command")
    assert said_by("command", "cat a") == READS
    assert said_by("command", "select 1") == ()
    assert said_by("sql", "cat a") == ()


@pytest.mark.parametrize("value", ["find . -delete", "list; rm -rf /", "read x && y", "get\nrm", "show " * 9])
def test_what_is_more_than_the_name_of_an_act_is_none(value: str) -> None:
    assert classes_of(value) == ()


def test_an_act_may_be_named_in_words() -> None:
    assert classes_of("remove member") == classes_of("remove_member") == (OperationClass.DELETE,)
