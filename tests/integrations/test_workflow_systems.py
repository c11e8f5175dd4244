"""The Nextflow module and the Galaxy tool: their command lines are the command's, their outputs are what it writes.

Neither Nextflow nor Galaxy runs here; the script of the module does, as bash, with Nextflow's variables put in.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml
from cislex_client.app import app
from cislex_client.results import FILES

#: ``motifs.meme`` is joined from the searches; the slow test sees that it is there.
WRITTEN = {name for files in FILES.values() for name in files.values()} | {"report.html", "run.json", "motifs.meme"}


def _parse(line: str) -> dict[str, Any]:
    """The parameters of ``cislex run wtko …``, parsed by the command itself; a wrong option raises."""
    words = shlex.split(line.replace("\\\n", " "))
    assert words[:3] == ["cislex", "run", "wtko"]
    command: Any = typer.main.get_command(app)
    context = command.make_context("cislex", words[1:2])
    for word in words[1:3]:
        command = command.get_command(context, word)
    return command.make_context("wtko", words[3:], parent=context).params


@pytest.fixture
def module(repo_dir: Path) -> str:
    return (repo_dir / "integrations" / "nextflow" / "modules" / "cislex" / "wtko" / "main.nf").read_text()


def _script(module: str, which: str, **values: str) -> str:
    """A script block as Nextflow would hand it to bash: ``${name}`` put in, ``\\$`` and ``\\\\`` unescaped."""
    block = module.split(f"    {which}:\n")[1].split('"""')[1]
    text = re.sub(r"(?<!\\)\$\{([\w.]+)\}", lambda match: values[match[1]], block)
    lines = [line.removeprefix("    ") for line in text.splitlines()]
    return "\n".join(lines).replace("\\$", "$").replace("\\\\", "\\")


VALUES = {
    "wt": "wt.bed", "ko": "ko.bed", "fasta": "genome.fa", "blacklist_arg": "", "prefix": "yeast",
    "args": "--seeds 2 --test-chroms chrIV,chrV", "task.process": "CISLEX_WTKO",
}  # fmt: skip


def test_the_modules_command_is_one_that_the_command_takes(module: str) -> None:
    script = _script(module, "script", **VALUES | {"blacklist_arg": "--blacklist black.bed"})
    line = script[script.index("cislex run") : script.index("cat <<-")].strip()
    found = _parse(line)
    assert (str(found["wt"]), str(found["ko"]), str(found["genome"])) == ("wt.bed", "ko.bed", "genome.fa")
    assert (str(found["to"]), found["seeds"], str(found["blacklist"])) == ("yeast", 2, "black.bed")


def test_a_wrong_option_would_be_seen() -> None:
    with pytest.raises(Exception, match="No such option"):
        _parse("cislex run wtko --wt a --ko b --genome c --windows 5")


def test_the_modules_outputs_are_files_of_a_result_folder(module: str, repo_dir: Path) -> None:
    named = set(re.findall(r'path\("\$\{prefix\}/([\w.]+)"\)', module))
    assert len(named) >= 6
    assert named <= WRITTEN
    emitted = set(re.findall(r"emit: (\w+)", module))
    meta = yaml.safe_load((repo_dir / "integrations/nextflow/modules/cislex/wtko/meta.yml").read_text())
    assert {next(iter(entry)) for entry in meta["output"]} == emitted
    assert meta["name"] == "cislex_wtko"
    inputs = {next(iter(value)) for group in meta["input"] for value in group}
    assert inputs == {"meta", "wt", "ko", "meta2", "fasta", "blacklist"}


@pytest.mark.parametrize("name", ["main.nf", "nextflow.config", "modules/cislex/wtko/main.nf"])
def test_brackets_and_quotes_of_the_nextflow_files_close(repo_dir: Path, name: str) -> None:
    text = (repo_dir / "integrations" / "nextflow" / name).read_text()
    text = re.sub(r'""".*?"""', '""', text, flags=re.S)
    text = re.sub(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"", "''", text)
    text = re.sub(r"//[^\n]*", "", text)
    pairs, open_ones = {")": "(", "]": "[", "}": "{"}, []
    for letter in text:
        if letter in pairs.values():
            open_ones.append(letter)
        elif letter in pairs:
            assert open_ones.pop() == pairs[letter]
    assert not open_ones
    assert '"' not in text.replace("''", "")


def test_the_process_has_what_a_process_needs(module: str) -> None:
    assert module.startswith("process CISLEX_WTKO {")
    order = [module.index(f"\n    {part}:") for part in ("input", "output", "when", "script", "stub")]
    assert order == sorted(order)


@pytest.fixture
def tool(repo_dir: Path) -> ET.Element:
    return ET.parse(repo_dir / "integrations" / "galaxy" / "cislex_wtko.xml").getroot()


def _galaxy_line(tool: ET.Element) -> str:
    """The command with the values of the tool's own test, every ``#if`` taken."""
    text = tool.findtext("command") or ""
    values = {str(param.get("name")): str(param.get("value")) for param in tool.iterfind("tests/test/param")}
    values |= {"blacklist": "black.bed"}
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    line = " ".join(lines)
    line = line[line.index("cislex run") : line.index("> run.log")]
    line = re.sub(r"\$(wt|ko)\.ext", "bed", line)
    return re.sub(r"\$(\w+)", lambda match: values[match[1]], line)


def test_the_tools_command_is_one_that_the_command_takes(tool: ET.Element) -> None:
    found = _parse(_galaxy_line(tool))
    assert (str(found["wt"]), str(found["genome"]), found["window"]) == ("wt.bed", "genome.fa", 100)
    assert (found["seeds"], found["epochs"], found["test_chroms"]) == (1, 1, "chr3")


def test_each_parameter_of_the_tool_is_an_option_and_is_used(tool: ET.Element) -> None:
    command: Any = typer.main.get_command(app)
    context = command.make_context("cislex", ["run"])
    wtko = command.get_command(context, "run").get_command(context, "wtko")
    options = {option for parameter in wtko.params for option in parameter.opts}
    text = tool.findtext("command") or ""
    for param in tool.iterfind("inputs/param"):
        argument = str(param.get("argument"))
        assert argument in options
        assert f"${argument.removeprefix('--').replace('-', '_')}" in text
    choices = {option.get("value") for option in tool.iterfind("inputs/param[@argument='--motif-db']/option")}
    assert choices == {"jaspar2024-vertebrates", "jaspar2024-fungi"}


def test_the_tools_outputs_and_tests_fit(tool: ET.Element, repo_dir: Path) -> None:
    outputs = {data.get("name"): str(data.get("from_work_dir")) for data in tool.iterfind("outputs/data")}
    assert {path.removeprefix("results/") for path in outputs.values()} <= WRITTEN
    (test,) = tool.iterfind("tests/test")
    assert int(str(test.get("expect_num_outputs"))) == len(outputs)
    assert {output.get("name") for output in test.iterfind("output")} <= set(outputs)
    files = [p.get("value") for p in test.iter("param") if p.get("ftype")]
    assert all((repo_dir / "integrations" / "galaxy" / "test-data" / str(name)).is_file() for name in files)
    assert {code.get("range") for code in tool.iterfind("stdio/exit_code")} >= {"1:", "2", "4", "5"}


@pytest.mark.slow
def test_the_modules_script_makes_its_outputs(module: str, repo_dir: Path, tmp_path: Path) -> None:
    """As bash, with the data of the Galaxy tool's test, against the server of this machine."""
    data = repo_dir / "integrations" / "galaxy" / "test-data"
    for name in ("wt.bed", "ko.bed", "genome.fa"):
        (tmp_path / name).symlink_to(data / name)
    values = VALUES | {"args": "--seeds 1 --epochs 1 --window 100 --test-chroms chr3"}
    (tmp_path / ".command.sh").write_text("set -eu\n" + _script(module, "script", **values))
    with tempfile.TemporaryDirectory(prefix="cx-", dir="/tmp") as home:
        environment = {
            **os.environ, "CISLEX_HOME": home, "CISLEX_CONFIG": f"{home}/none.toml",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }  # fmt: skip
        environment.pop("CISLEX_CONTEXT", None)
        try:
            done = subprocess.run(
                ["bash", ".command.sh"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=500,
                check=False,
            )  # fmt: skip
        finally:
            subprocess.run(["cislex", "server", "down"], env=environment, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    versions = yaml.safe_load((tmp_path / "versions.yml").read_text())
    assert versions["CISLEX_WTKO"]["cislex"]
    for line in re.findall(r'path\("\$\{prefix\}/([\w.]+)"\).*', module):
        assert (tmp_path / "yeast" / line).is_file(), line
