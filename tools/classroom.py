"""Write the classroom page, and serve it to a room: ``python -m tools.classroom [--url URL] [--serve]``."""

from __future__ import annotations

import argparse
import socket
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd

from secondop.datafiles import data_path, write_whole
from secondop.errors import SecondopError
from secondop.evaluation.knowledge import yield_range
from secondop.teaching.classroom import classroom
from tools.notebooks import ROOT

PORT = 8000
SCENARIOS = ("general", "surgical", "oncology", "programme")


def counts() -> pd.DataFrame:
    """Of 100 simulated cases: changes found, no-change referrals and missed, by scenario, signal and policy.

    As calibrated to the contrasts at the middle. What all changes are follows from the yield above chance.
    """
    parts, n = [], 100_000
    for scenario in SCENARIOS:
        table = yield_range(scenario, anchors=["middle"], n=n, seed=1)
        keys = ["signal", "policy", "label"]
        wide = table.pivot(index=keys, columns="measure", values="value").reset_index()
        every = 100 * (wide["true_positive"] - wide["yield_above_chance"]) / wide["referral_rate"]
        found, over = wide["true_positive"], wide["referral_rate"] - wide["true_positive"]
        told = wide[keys].assign(
            n=n, found=found.round(3), over=over.round(3), missed=(every - found).round(3)
        )
        parts.append(told.assign(scenario=scenario)[["scenario", *keys, "n", "found", "over", "missed"]])
    return pd.concat(parts, ignore_index=True)


class Quiet(SimpleHTTPRequestHandler):
    """Gives the files of one folder, lists none, and notes down nobody."""

    def list_directory(self, path: object) -> None:
        """No list: what is not there is not there."""
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Nothing: who looks at the page is nobody's business."""


def server(folder: Path, host: str = "", port: int = PORT) -> ThreadingHTTPServer:
    """A server of that folder alone for the network of the room; any free port if this one is taken."""
    handler = partial(Quiet, directory=str(folder))
    try:
        return ThreadingHTTPServer((host, port), handler)
    except OSError:
        return ThreadingHTTPServer((host, 0), handler)


def own_address() -> str:
    """This machine's address in its network. Nothing is sent: a route is looked up, that is all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address kept for examples
        except OSError:
            return "127.0.0.1"  # without a network only this machine can open it
        return probe.getsockname()[0]


def main() -> None:
    """Write the page and say where it is."""
    parser = argparse.ArgumentParser(description="Write the classroom: one page, no network needed.")
    parser.add_argument("--counts", action="store_true", help="simulate the trade-offs anew first")
    parser.add_argument("--language", choices=["en", "de"], default="en", help="in which it opens")
    parser.add_argument("--url", default="", help="where the class will find the page: links lead there")
    parser.add_argument("--serve", action="store_true", help="serve it in the room's network, until Ctrl-C")
    options = parser.parse_args()
    if options.counts:
        write_whole(data_path("README.md").with_name("classroom_counts.csv"), counts().to_csv(index=False))
    folder = ROOT / "build" / "classroom"
    folder.mkdir(parents=True, exist_ok=True)
    serving = server(folder) if options.serve else None
    here = f"http://{own_address()}:{serving.server_port}/" if serving else ""
    try:
        path = classroom(folder / "index.html", language=options.language, url=options.url or here)
    except SecondopError as error:
        raise SystemExit(str(error)) from error
    print(f"The classroom is ready ({path.stat().st_size / 1000:,.0f} kB). Open it in a browser:\n{path}")
    if serving:
        print(f"In the network of this room, until Ctrl-C: {here}", flush=True)
        with serving:
            try:
                serving.serve_forever()
            except KeyboardInterrupt:
                print("Stopped.")


if __name__ == "__main__":
    main()
