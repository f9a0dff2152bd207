"""I14: the log's times never run backwards, whatever the machine's clock does to a running server."""

import asyncio
from pathlib import Path

from tests.faults.house import Keys, visiting
from tests.faults.process import Server, serving
from tests.faults.promises import Promises, Rows, broken

HOUR = 3_600_000


def test_jumps_of_the_clock_never_turn_the_log_back_or_let_anything_live_longer(
    directory: Path, keys: Keys, tmp_path: Path
) -> None:
    offset = tmp_path / "offset"
    offset.write_text("0")
    promises = Promises()

    async def story(url: str, restarted: bool) -> None:
        async with visiting(url, keys) as office:
            pay = "Pay 2500 EUR to GB29NWBK60161331926819"
            mission = await office.mission("Read the files in the folder")
            short = await office.mission("Read the files in the folder", lifetime_seconds=3600)
            paying = await office.mission(pay, purpose="pay-bills")
            approval, payment = await office.approved(paying, "c1")
            for hours, expected in ((-24, "permit"), (0, "permit"), (2, "deny"), (-48, "deny"), (0, "deny")):
                if restarted and hours > 0:
                    continue  # time stands still where the first run's forward jump left it
                offset.write_text(str(hours * HOUR))
                assert (await office.ask(mission, "read_file", {"name": "a.txt"}))["outcome"] == "permit", hours
                answer = await office.ask(short, "read_file", {"name": "a.txt"})
                if not restarted:
                    assert answer["outcome"] == expected, (hours, answer)
            if not restarted:  # it expired while the clock was ahead, and stays so
                late = await office.ask(paying, "make_payment", payment, call_id="c1", approval=approval)
                assert late["outcome"] != "permit"
            for context in office.released:
                promises.told({"context": context})

    for restarted in (False, True):
        offset.write_text("0" if not restarted else str(-72 * HOUR))
        with serving(Server(directory, mutation="clock", REMIT_FAULT_CLOCK=str(offset))) as server:
            asyncio.run(story(server.url, restarted))
            server.kill()
    assert broken(directory, promises, tmp_path) == []
    rows = Rows(directory)
    assert rows.times == sorted(rows.times)
    assert rows.times[-1] - rows.times[0] >= 2 * HOUR, "the clock never jumped"
