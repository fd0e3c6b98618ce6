"""What visitors do: how fast batches are stored, and how fast a long timeline is read. Used by bench.py."""

import json
import random
import subprocess
import time
import uuid

from webhooks import at_once

BATCH, ROWS = 100, 40_000


def told(bench):
    """Activities in batches of 100 by four who tell, beside COPY of as many rows into the same table."""
    when = lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - random.randrange(86_400)))
    rows = "".join(f"{bench.organization}\t{uuid.uuid4()}\t{when()}\tpage_view\tv{n % 500}\ts1\thttps://shop.example/{n}\tMozilla/5.0\n" for n in range(ROWS))
    file = bench.scratch / "activities.tsv"
    file.write_text(rows)
    began = time.monotonic()
    with open(file) as source:
        subprocess.run(["psql", "-Xq", "-v", "ON_ERROR_STOP=1", bench.url, "-c", "COPY activities (organization_id, id, occurred_at, kind, visitor_id, session_id, url, user_agent) FROM STDIN"], stdin=source, check=True)
    copied = ROWS / (time.monotonic() - began)
    bodies = [json.dumps([{"kind": "page_view", "occurred_at": when(), "visitor_id": f"b{(batch + n) % 500}", "session_id": "s1", "url": f"https://shop.example/{n}", "user_agent": "Mozilla/5.0"}
                          for n in range(BATCH)]).encode() for batch in range(ROWS // BATCH)]
    there = f"SELECT count(*) FROM activities WHERE organization_id = '{bench.organization}'"
    before = int(bench.psql(there))
    head = {"Authorization": f"Bearer {bench.key}", "Content-Type": "application/json"}
    began = time.monotonic()
    at_once(bench.options.port, "/api/v1/activities", [[(head, body) for body in bodies[lane::4]] for lane in range(4)])
    rate = ROWS / (time.monotonic() - began)
    new = int(bench.psql(there)) - before
    if new != ROWS:
        raise RuntimeError(f"{new} of {ROWS} are new")
    bench.report("activities in batches of 100, four at a time", f"{rate:,.0f} rows/s", f"COPY of the same rows {copied:,.0f} rows/s", f"≥ 0.4: {rate / copied:.2f}", rate >= 0.4 * copied)


def timeline(bench):
    """Pages of fifty of a customer with 50,000 activities among as many of others, through the API."""
    who = bench.psql(f"SELECT id FROM customers WHERE organization_id = '{bench.organization}' AND deleted_at IS NULL ORDER BY md5(id::text) LIMIT 1")
    bench.psql(f"""INSERT INTO activities (organization_id, id, occurred_at, kind, customer_id, visitor_id, url)
        SELECT '{bench.organization}', gen_random_uuid(), now() - n * interval '2 minutes', 'page_view', CASE WHEN n % 2 = 0 THEN '{who}'::uuid ELSE gen_random_uuid() END, 'v' || n % 100, 'https://shop.example/' || n
        FROM generate_series(1, 100000) n""")
    bench.psql("VACUUM (ANALYZE) activities")
    cursor, times = "", []
    for _ in range(200):
        began = time.perf_counter()
        page = bench.get(f"/api/v1/customers/{who}/activities?limit=50&cursor={cursor}")
        times.append((time.perf_counter() - began) * 1e3)
        if len(page["data"]) != 50:
            raise RuntimeError("a page is not full")
        cursor = page["page"]["next_cursor"]
    times.sort()
    bench.report("a page of a timeline with 50,000", f"p50 {times[100]:.1f} ms, p95 {times[190]:.1f} ms", "–", "p95 ≤ 10 ms", times[190] <= 10)


def run(bench):
    told(bench)
    timeline(bench)
