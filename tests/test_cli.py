"""The shell says the verbs' own words, one clear sentence on misuse, and the right code."""

from __future__ import annotations

import doctest
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import exodelivery as exo
from exodelivery.cli.command import CLOSED_PIPE, FOUND, INTERRUPTED, MISUSE, WELL
from exodelivery.cli.main import COMMANDS, main, parser

EXO = [sys.executable, "-m", "exodelivery.cli"]
DEMO_HEEDING_CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background would ignore it
from exodelivery.cli.main import main
sys.exit(main(["demo"]))
"""
SIMULATE = ["simulate", "doxorubicin_mouse", "--carrier", "none"]

MISUSES: dict[str, tuple[list[str], str]] = {
    "no verb": ([], "required: VERB"),
    "an unknown verb": (["simulte"], "invalid choice: 'simulte'"),
    "an unknown option": (["list", "--colour"], "unrecognized arguments: --colour"),
    "an unknown kind": (["list", "modle"], "nearest: model"),
    "an unknown name": (["show", "doxorubicin_mous"], "nearest: doxorubicin_mouse"),
    "nothing to check": (["check"], "name what is to be checked"),
    "names and all": (["check", "--all", "doxorubicin_mouse"], "name what is to be checked"),
    "a part to check": (["check", "pgp"], "checked in a model that uses it"),
    "no dose": (SIMULATE, "required: --dose"),
    "a dose without a unit": ([*SIMULATE, "--dose", "5"], 'write e.g. "5 mg/kg"'),
    "a dose that is no number": ([*SIMULATE, "--dose", "nan mg/kg"], "not a positive number"),
    "a dose of a length": ([*SIMULATE, "--dose", "5 cm"], "5 mg/kg"),
    "repeats without an interval": ([*SIMULATE, "--dose", "5 mg/kg", "--times", "3"], "need an interval"),
    "half a repeat": ([*SIMULATE, "--dose", "5 mg/kg", "--times", "1.5"], "invalid int value: '1.5'"),
    "an end that is no time": ([*SIMULATE, "--dose", "5 mg/kg", "--until", "5 mg"], "not a time"),
    "an end in the past": ([*SIMULATE, "--dose", "5 mg/kg", "--until=-1 d"], "a run cannot end"),
    "an unknown carrier": (["simulate", "doxorubicin_mouse", "--carrier", "liposom", "--dose", "5 mg/kg"], "liposom"),
    "a carrier for a part": (["show", "pgp", "--carrier", "none"], "only a model takes swaps"),
    "particles without a carrier": ([*SIMULATE, "--dose", "1e10 particle"], "particle"),
    "an unknown route": ([*SIMULATE, "--dose", "5 mg/kg", "--route", "oral"], "oral"),
    "a setting without a value": ([*SIMULATE, "--dose", "5 mg/kg", "--set", "body.V_plasma"], "takes NAME=VALUE"),
    "an unknown setting": ([*SIMULATE, "--dose", "5 mg/kg", "--set", "body.V=1 mL"], "no parameter 'body.V'"),
    "a setting of another dimension": (
        [*SIMULATE, "--dose", "5 mg/kg", "--set", "body.V_plasma=1 h"],
        "body.V_plasma has the dimension",
    ),
    "an unknown fit": (["fit", "doxorubicin_carrier"], "nearest: doxorubicin_carriers"),
    "a name that leaves the shelf": (["fit", "../fits"], "not a name of a fit"),
    "starts of a kept fit": (["fit", "doxorubicin_carriers", "--starts", "3"], "pass --again as well"),
    "no carriers": (
        ["compare", "doxorubicin_mouse", "--carriers", ",", "--baseline", "none", "--dose", "5 mg/kg"],
        "names no carrier",
    ),
    "a table in a folder that is not": (
        [*SIMULATE, "--dose", "5 mg/kg", "--until", "1 h", "--csv", "no/such/folder/run.csv"],
        "no/such/folder",
    ),
    "a report on a part": (["report", "page.html", "pgp"], "a report cannot show"),
    "a shelf in a full folder": (["new", "."], "something stands here already"),
}


@pytest.mark.parametrize("case", MISUSES)
def test_misuse_is_one_clear_sentence_and_code_2(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, expected = MISUSES[case]
    assert main(words) == MISUSE
    said = capsys.readouterr()
    assert said.err.startswith("exo: ")
    assert expected in said.err
    assert "Traceback" not in said.err


def test_every_verb_that_does_something_is_in_the_shell() -> None:
    inside_others = {
        "load",
        "save",
        "cite",
        "studies",
        "bolus",
        "infusion",
        "what_if",
        "curves",
        "combine",
        "product",
        "scale",
    }
    verbs = {name for name in exo.__all__ if name[0].islower()} - inside_others
    assert verbs <= set(COMMANDS)


@pytest.mark.parametrize("verb", COMMANDS)
def test_help_shows_an_example_with_its_output(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])
    assert left.value.code == WELL
    assert re.search(rf"example:\n  \$ (printf .* \| )?exo {verb}\b.*\n  \S", capsys.readouterr().out)


@pytest.mark.slow
@pytest.mark.filterwarnings("default::exodelivery.errors.YieldWarning")  # the demo asks for too many, and says so
@pytest.mark.parametrize("verb", COMMANDS)
def test_the_example_in_the_help_prints_what_it_says(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command, _, expected = COMMANDS[verb].example.replace("\\\n", "").partition("\n")
    piped, bar, after = command.partition(" | ")
    if bar:
        text = shlex.split(piped)[-1].replace("\\n", "\n")
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        command = f"$ {after}"
    assert main(shlex.split(command.removeprefix("$ exo "))) == WELL
    printed = capsys.readouterr().out
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert doctest.OutputChecker().check_output(expected + "\n", printed, flags), printed


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert (left.value.code, capsys.readouterr().out) == (WELL, f"exodelivery {exo.__version__}\n")


def test_check_returns_1_when_a_file_has_errors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = exo.save(exo.load("doxorubicin_mouse"), tmp_path / "model.toml")
    assert main(["check", str(path)]) == WELL
    path.write_text(path.read_text(encoding="utf-8").replace('unit = "nmol/mL"', 'unit = "h"', 1), encoding="utf-8")
    assert main(["check", str(path)]) == FOUND
    assert re.search(r"error \[dimensions\] \S*model\.toml:\d+", capsys.readouterr().out)


def test_the_shell_and_the_verb_give_the_same_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pandas as pd

    path = tmp_path / "run.csv"
    words = ["--dose", "2 mg/kg", "--every", "1 d", "--times", "2", "--until", "3 d", "--set", "body.V_plasma=1.1 mL"]
    assert main([*SIMULATE, *words, "--csv", str(path)]) == WELL
    printed = capsys.readouterr().out.splitlines()
    model = exo.load("doxorubicin_mouse", carrier="none")
    dose = exo.bolus("2 mg/kg", every="1 d", times=2)
    run = exo.simulate(model, dose, until="3 d", values={"body.V_plasma": "1.1 mL"})
    assert printed == [*str(run).splitlines(), str(path)]
    pd.testing.assert_frame_equal(pd.read_csv(path), run.table(), check_exact=False)


def test_every_option_is_explained() -> None:
    (verbs,) = (action for action in parser()._actions if action.dest == "verb")
    assert isinstance(verbs.choices, dict)
    for name, options in verbs.choices.items():
        assert [action.dest for action in options._actions if not action.help] == [], name


def test_it_works_piped_where_the_locale_knows_no_greek(tmp_path: Path) -> None:
    path = tmp_path / "greek.toml"
    exo.save(exo.load("pgp"), path)
    path.write_text(path.read_text(encoding="utf-8").replace("Active export", "Άδεια · export"), encoding="utf-8")
    shelf = tmp_path / "models" / "blocks" / "efflux"
    shelf.mkdir(parents=True)
    path.rename(shelf / "greek.toml")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([*EXO, "list", "efflux"], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert done.returncode == WELL, done.stderr
    assert b"here:greek" in done.stdout


def test_a_reader_that_has_left_is_no_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*EXO, "list"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (CLOSED_PIPE, "")


@pytest.mark.slow
def test_an_interrupt_leaves_no_traceback(tmp_path: Path) -> None:
    command = [sys.executable, "-c", DEMO_HEEDING_CTRL_C]
    demo = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert demo.stdout is not None
    assert demo.stdout.readline()  # it is at work now, well inside a long command
    demo.send_signal(signal.SIGINT)
    _, said = demo.communicate(timeout=120)
    assert demo.returncode == INTERRUPTED
    assert said == "exo: interrupted\n"
    assert not list(tmp_path.iterdir())


WITHOUT_JSON = {"report", "new", "demo", "warm-up", "completion"}
"""Verbs that print where they wrote, or a script."""


@pytest.mark.parametrize("verb", [verb for verb in COMMANDS if verb not in WITHOUT_JSON])
def test_every_verb_that_prints_a_result_has_it_for_machines(verb: str) -> None:
    assert "--json" in [word for words, _ in COMMANDS[verb].options for word in words]


@pytest.mark.parametrize(
    "words",
    [
        ["show", "none"],
        ["show", "wong_2013_liposome_mammary"],
        ["fits"],
        ["diff", "doxorubicin_carriers", "doxorubicin_carriers"],
        ["doctor"],
        ["nca", "doxorubicin_human", "--carrier", "none", "--dose", "30 mg/m2", "--until", "2 d", "--observable",
         "plasma_total", "--sampled", "0.5 h,1 h,4 h,24 h,48 h"],
        ["identifiability", "doxorubicin_human", "--carrier", "none", "--observables", "plasma_total", "--dose",
         "30 mg/m2", "--unknown", "disposition", "--seconds", "0"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_json_of_a_verb_parses(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--json"]) == WELL
    assert json.loads(capsys.readouterr().out)


def test_a_table_goes_down_the_pipe_alone(capsys: pytest.CaptureFixture[str]) -> None:
    words = [*SIMULATE, "--dose", "5 mg/kg", "--until", "1 h"]
    assert main([*words, "--csv", "-"]) == WELL
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("time [h],plasma_total [nmol/mL],")
    assert {line.count(",") for line in lines} == {lines[0].count(",")}
    assert main([*words, "--csv", "-", "--json"]) == MISUSE
    assert "both want the output" in capsys.readouterr().err


def test_a_reader_that_leaves_in_the_middle_is_no_error() -> None:
    words = " ".join(
        shlex.quote(word) for word in [*EXO, *SIMULATE, "--dose", "5 mg/kg", "--until", "9 d", "--csv", "-"]
    )
    command = ["bash", "-o", "pipefail", "-c", f"{words} | head -n 1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("time [h],")
    assert (done.stderr, done.returncode in (WELL, CLOSED_PIPE)) == ("", True)


def test_rows_that_cannot_be_read_make_the_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sheet = "Time (h),free (ug/mL)\n1,4.2\n2,#REF!\n"
    words = ["read", "-", "--kind", "wide", "--constant", "what=plasma_total"]
    monkeypatch.setattr(sys, "stdin", io.StringIO(sheet))
    assert main(words) == FOUND
    assert re.search(r"piped.csv:3 .*'#REF!' is no number", capsys.readouterr().out)
    monkeypatch.setattr(sys, "stdin", io.StringIO(sheet))
    assert main([*words, "--leave-out", "3=lost", "--csv", str(tmp_path / "tidy.csv"), "--json"]) == WELL
    read = json.loads(capsys.readouterr().out)
    assert [entry["value"] for entry in read["entries"]] == [4.2]
    assert [(gone["row"], gone["why"]) for gone in read["excluded"]] == [(3, "left out: lost")]
    assert (tmp_path / "tidy.csv").is_file()


def test_a_table_of_samples_is_analysed_like_the_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pandas as pd

    frame = pd.DataFrame({"time [h]": [0, 1, 2, 4, 8], "conc [mg/L]": [10, 8, 6.4, 4.1, 1.7]})
    frame.to_csv(tmp_path / "samples.tsv", sep="\t", index=False)
    words = ["nca", str(tmp_path / "samples.tsv"), "--how", "iv bolus", "--dose", "100 mg", "--terminal", "3"]
    assert main([*words, "--html", str(tmp_path / "nca.html")]) == WELL
    found = exo.nca(frame, route="iv bolus", dose="100 mg", terminal=3)
    assert capsys.readouterr().out.startswith(str(found))
    assert "Noncompartmental analysis" in (tmp_path / "nca.html").read_text(encoding="utf-8")
    assert main([*words[:-1], "last"]) == MISUSE


def test_the_shell_completes_verbs_and_names(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["completion", "bash"]) == WELL
    script = tmp_path / "exo.bash"
    script.write_text(capsys.readouterr().out, encoding="utf-8")
    ask = (
        f"source {script}\n"
        "COMP_WORDS=(exo ident); COMP_CWORD=1; _shtab_exo; echo ${COMPREPLY[@]}\n"
        "COMP_WORDS=(exo simulate doxorubicin_mo); COMP_CWORD=2; _shtab_exo; echo ${COMPREPLY[@]}\n"
        "COMP_WORDS=(exo simulate x --carrier liposome_pegy); COMP_CWORD=4; _shtab_exo; echo ${COMPREPLY[@]}\n"
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["identifiability", "doxorubicin_mouse", "liposome_pegylated"]
    for shell in ("zsh", "fish"):
        assert main(["completion", shell]) == WELL
        assert "liposome_pegylated" in capsys.readouterr().out
    assert main(["show", "pgp"]) == WELL  # names that are offered do not become the only ones


def test_results_for_machines_are_json_and_nothing_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        ["list", "carrier", "--json"],
        ["check", "doxorubicin_mouse", "--json"],
        ["fit", "doxorubicin_carriers", "--json"],
        [*SIMULATE, "--dose", "5 mg/kg", "--until", "1 h", "--json", "--csv", str(tmp_path / "run.csv")],
    ]
    found = []
    for words in asked:
        assert main(words) == WELL
        found.append(json.loads(capsys.readouterr().out))
    names, checked, kept, run = found
    assert {row["name"] for row in names} == set(exo.list("carrier")["name"])
    assert (checked[0]["ok"], checked[0]["issues"][0]["severity"]) == (True, "note")
    assert len(kept["parameters"]) == len(exo.fit("doxorubicin_carriers").parameters)
    assert run["ok"] and run["table"][0]["time [h]"] == 0
    assert (tmp_path / "run.csv").is_file()
