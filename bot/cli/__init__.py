"""The command line: `countersign COMMAND`; each command is loaded only when it runs."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from bot.cli.audit_options import add_audit
from bot.cli.eval_options import add_eval
from bot.cli.policy_options import add_policy

MAX_PORT = 65_535
_DATABASE = "Database address; the default is COUNTERSIGN_DATABASE_URL."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 a problem found, 2 wrong usage."""
    options = _parser().parse_args(argv)
    run = _load(options.module)
    try:
        return run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0


def _load(module: str) -> Callable[[argparse.Namespace], int]:
    """Import a command; what that brings along stays for good, so the garbage collector may leave it out."""
    gc.disable()
    run: Callable[[argparse.Namespace], int] = import_module(module).run
    gc.freeze()
    gc.enable()
    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="countersign",
        description="AI proposes, a named human countersigns, the CRM records.",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _demo(_command(commands, "demo", "watch the whole product work, with a simulated Slack and CRM"))
    _command(commands, "serve", "run the service for a real workspace and CRM")
    _command(commands, "healthy", "exit code 0 when the service on this machine answers")
    _sandbox(_command(commands, "sandbox", "run the simulated Slack or CRM alone"))
    doctor = _command(commands, "doctor", "test everything that the service needs, each with its remedy")
    doctor.add_argument("--json", action="store_true", help="print JSON")
    _command(commands, "check-config", "check settings, organisation file and policy without starting")
    add_policy(_command(commands, "policy", "check, test, explain and rehearse the rules"))
    add_eval(_command(commands, "eval", "try the language model on a golden set, and rehearse a change"))
    _pause(_command(commands, "pause", "show what is paused, or pause it: the emergency stop"), resume=False)
    _pause(_command(commands, "resume", "let what was paused go on"), resume=True)
    _db(_command(commands, "db", "bring the database schema up to date"))
    _inbox(_command(commands, "inbox", "list, show, retry and discard what was set aside"))
    _status(_command(commands, "status", "show queues, lags, schedules, processes and what needs somebody"))
    _digest(_command(commands, "digest", "look at a digest for managers without posting it"))
    add_audit(_command(commands, "audit", "verify, read, export and erase what the audit holds"))
    return parser


def _command(commands: argparse._SubParsersAction, name: str, what: str) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=what, description=what.capitalize() + "."
    )
    command.set_defaults(module=f"bot.cli.{name.replace('-', '_')}")
    return command


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port; ports are numbers up to {MAX_PORT}")
    return int(text)


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=_port, default=8000, help="port of the page (default 8000)")
    parser.add_argument("--fresh", action="store_true", help="forget the last demo and begin anew")
    parser.add_argument(
        "--import", dest="import_dir", metavar="DIR", help="use your own donors.csv, gifts.csv"
    )
    parser.add_argument("--data", default=".demo", metavar="DIR", help="where the demo keeps its state")
    parser.add_argument("--socket-mode", action="store_true", help="connect over Socket Mode instead of HTTP")
    parser.add_argument("--no-model", action="store_true", help="run without the simulated language model")


def _sandbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("slack", "crm"), help="which one to simulate")
    parser.add_argument("--port", type=_port, default=8100, help="port to listen on (default 8100)")
    parser.add_argument(
        "--bot",
        default="http://127.0.0.1:8080",
        metavar="URL",
        help="where the bot listens (default %(default)s)",
    )
    parser.add_argument("--data", metavar="DIR", help="keep state in this folder (default: in memory)")
    parser.add_argument("--socket-mode", action="store_true", help="let the bot connect over Socket Mode")


def _pause(parser: argparse.ArgumentParser, *, resume: bool) -> None:
    parser.set_defaults(module="bot.cli.pause", resume=resume, reason="", duration=None)
    parser.add_argument("capability", nargs="?", help="recommend, draft, auto_route, execute or all")
    parser.add_argument(
        "--by", metavar="EMAIL", help="who does this; the organisation file knows their roles"
    )
    if not resume:
        parser.add_argument("--reason", default="", metavar="TEXT", help="why; people read it on their cards")
        parser.add_argument("--for", dest="duration", metavar="TIME", help="how long, as in 30m, 2h or 3d")
    parser.add_argument("--database", metavar="URL", help=_DATABASE)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _db(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("upgrade", "current"))
    parser.add_argument("--database", metavar="URL", help=_DATABASE)


def _digest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("preview",))
    parser.add_argument("kind", choices=("adoption", "override", "outcomes", "operations"))
    parser.add_argument("--days", type=int, default=7, metavar="N", help="the last so many days (default 7)")
    parser.add_argument("--csv", action="store_true", help="print the figures as the thread's file has them")
    parser.add_argument("--database", metavar="URL", help=_DATABASE)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _inbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("what", choices=("list", "show", "retry", "discard"))
    parser.add_argument("id", nargs="?", help="which one, as `list` shows it")
    parser.add_argument("--code", help="list, retry or discard everything set aside with this code")
    parser.add_argument("--by", metavar="EMAIL", help="who retries or discards; admins may")
    parser.add_argument("--reason", default="", metavar="TEXT", help="why it need not be done")
    parser.add_argument("--database", metavar="URL", help=_DATABASE)
    parser.add_argument("--json", action="store_true", help="print JSON")


def _status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", metavar="URL", help=_DATABASE)
    parser.add_argument("--json", action="store_true", help="print JSON")
