"""What comes in from a shop: how fast it is taken, and how fast it is processed. Used by bench.py."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
import uuid

import firestore

SECRET = "shpss_bench_secret_of_the_shop"


def orders(first, count, people, seed):
    """Bodies of orders, of so many customers, each its own."""
    dice = random.Random(seed)
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    for n in range(first, first + count):
        whose = 7_000_000_000_000_000_000 + dice.randrange(people)
        lines = [{"id": n * 10 + place, "product_id": dice.randrange(1, 2000), "variant_id": dice.randrange(1, 6000), "title": f"Thing {dice.randrange(2000)}", "vendor": f"Brand {dice.randrange(60)}",
                  "quantity": dice.randrange(1, 4), "price": f"{dice.randrange(5, 200)}.{dice.randrange(100):02}"} for place in range(dice.randrange(1, 4))]
        total = sum(line["quantity"] * float(line["price"]) for line in lines)
        yield json.dumps({
            "id": n, "name": f"#{n}", "currency": "EUR", "created_at": at, "updated_at": at, "processed_at": at, "total_price": f"{total:.2f}", "subtotal_price": f"{total:.2f}", "total_tax": "0.00",
            "financial_status": "paid", "test": False, "tags": "", "email": f"w{whose}@bench.example.com",
            "customer": {"id": whose, "email": f"w{whose}@bench.example.com", "first_name": "Kim", "last_name": "Bench", "updated_at": "2026-01-01T00:00:00Z"},
            "line_items": lines, "shipping_address": {"name": "Kim Bench", "address1": "Street 1", "city": "Berlin", "zip": "10115", "country_code": "DE"}, "fulfillments": [], "refunds": []}).encode()


def headers(topic, body):
    return {"Content-Type": "application/json", "X-Shopify-Topic": topic, "X-Shopify-Shop-Domain": "bench.myshopify.com", "X-Shopify-API-Version": "2026-07", "X-Shopify-Webhook-Id": str(uuid.uuid4()),
            "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest()).decode()}


def post(port, path, deliveries, every=None):
    """Sends deliveries over one connection, at their times if there is a beat; answers the milliseconds of each. Written on
    the bare socket: whoever sends shares the machine with the server, and must not be what is measured."""
    requests = [f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n".encode() + "".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + b"\r\n" + body
                for head, body in deliveries]
    times, began = [], time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place, request in enumerate(requests):
            due = began + place * every if every else time.perf_counter()
            if due > time.perf_counter():
                time.sleep(due - time.perf_counter())
            connection.sendall(request)
            status = answered(connection)
            if not 200 <= status < 300:
                raise RuntimeError(f"{path}: {status}")
            # From when it was due: who comes late because the one before took long has waited too.
            times.append((time.perf_counter() - due) * 1e3)
    return times


def answered(connection):
    """Reads one answer whole; answers its status."""
    text = b""
    while b"\r\n\r\n" not in text:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        text += more
    head, _, rest = text.partition(b"\r\n\r\n")
    missing = int(re.search(rb"(?i)content-length: (\d+)", head)[1]) - len(rest)
    while missing > 0:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        missing -= len(more)
    return int(head.split(b" ", 2)[1])


def at_once(port, path, lanes, every=None):
    """Sends several lanes of deliveries at once; answers all times."""
    found, broken = [], []

    def run(lane):
        try:
            found.extend(post(port, path, lane, every))
        except Exception as error:
            broken.append(error)

    threads = [threading.Thread(target=run, args=(lane,)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    return sorted(found)


def accepted(bench, path):
    """Deliveries per second at 16 clients: signed, each its own, answered when they are durable. Beside it the insert of one of
    them as the source has it, and a bare one of as much."""
    bench.psql("CREATE TABLE IF NOT EXISTS bench_inbox (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz NOT NULL DEFAULT now(), body bytea NOT NULL); GRANT INSERT ON bench_inbox TO regulars_app")
    connection = bench.psql(f"SELECT id FROM connections WHERE organization_id = '{bench.organization}' ORDER BY created_at DESC, id DESC LIMIT 1")
    body, random_id = "'\\x" + next(orders(1, 1, 1, 1)).hex() + "'::bytea", "gen_random_uuid()"
    one = bench.filled(bench.source_statement("crates/connect/src/store/events.rs", "INSERT INTO webhook_events"), {
        1: f"'{bench.organization}'::uuid", 2: "now()", 3: f"ARRAY[{random_id}]", 4: f"ARRAY['{connection}'::uuid]", 5: "ARRAY['shopify']", 6: "ARRAY['orders/create']", 7: f"ARRAY[{random_id}::text]",
        8: f"ARRAY[sha256({random_id}::text::bytea)]", 9: """ARRAY['{"shop": "bench.myshopify.com", "api_version": "2026-07", "event_id": null}'::jsonb]""", 10: f"ARRAY[{body}]",
        11: "ARRAY[now()]", 12: "ARRAY[true]"})
    same_sql = f"BEGIN;\nSET LOCAL app.organization_id = '{bench.organization}';\n{one};\nCOMMIT"
    # What is taken waits for a worker that comes afterwards: processing has its own line.
    bench.stop()
    bench.start("--only", "web")
    rounds = []
    for turn in range(bench.rounds):
        ours, p99 = poured(bench, path, turn)
        same = bench.pgbench(same_sql, 16, bench.options.seconds)["rate"]
        alone = bench.pgbench(f"INSERT INTO bench_inbox (body) VALUES ({body})", 16, bench.options.seconds)["rate"]
        rounds.append((ours / same, ours, same, alone, p99))
    bench.psql("DROP TABLE bench_inbox")
    bench.psql(f"DELETE FROM webhook_events WHERE organization_id = '{bench.organization}'")
    bench.psql("VACUUM (ANALYZE) webhook_events")
    bench.stop()
    bench.start()
    ratio, ours, same, alone, p99 = sorted(rounds)[len(rounds) // 2]
    bench.report("webhooks taken at 16 clients: verified, durable, answered", f"{ours:,.0f}/s, p99 {p99:.1f} ms", f"one durable insert {same:,.0f}/s at 16 (into a table without more {alone:,.0f}: {ours / alone:.2f})",
                 f"≥ 0.5: {ratio:.2f} (rounds {', '.join(f'{one[0]:.2f}' for one in rounds)})", ratio >= 0.5)


def poured(bench, path, turn):
    """Deliveries, each its own, at 16 clients: their rate, and the 99th percentile of their milliseconds."""
    count = bench.options.seconds * 15_000
    file = bench.scratch / "deliveries.http"
    with open(file, "w") as out:
        # Each request is written out beforehand: whoever sends shares the machine with the server, and must not be what is measured.
        for body in orders(time.time_ns() // 1000, count, 20_000, turn):
            head = {"Host": "127.0.0.1", "Content-Length": len(body), **headers("orders/create", body)}
            out.write(f"POST {path} HTTP/1.1|" + "".join(f"{name}: {value}|" for name, value in head.items()) + f"|{body.decode()}\n")
    script = bench.scratch / "deliveries.lua"
    script.write_text(f"""
local threads = 0
function setup(thread) threads = threads + 1; thread:set("id", threads) end
function init()
  all, n = {{}}, 0
  local place = 0
  for line in io.lines("{file}") do
    place = place + 1
    if place % 2 == id - 1 then
      local head, body = string.match(line, "^(.-||)(.*)$")
      all[#all + 1] = string.gsub(head, "|", "\\r\\n") .. body
    end
  end
end
function request() n = n + 1; return all[(n - 1) % #all + 1] end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format("RESULT %f %f %d %d\\n", summary.requests / (summary.duration / 1e6), latency:percentile(99) / 1e3, e.status + e.connect + e.read + e.write + e.timeout, summary.requests))
end
""")
    done = subprocess.run(["wrk", "-t2", "-c16", f"-d{bench.options.seconds}s", "-s", str(script), bench.base], capture_output=True, text=True, check=True)
    rate, p99, errors, sent = re.search(r"RESULT (\S+) (\S+) (\d+) (\d+)", done.stdout).groups()
    if int(errors) or int(sent) > count:
        raise RuntimeError(f"{errors} errors, {sent} of {count} sent: {done.stdout}")
    return float(rate), float(p99)


def steady(bench, path):
    """The time of an answer at 200 deliveries a second, each due at its moment."""
    lanes = [[(headers("orders/create", body), body) for body in orders(time.time_ns() // 1000 + lane * 10_000, 25 * 10, 20_000, lane)] for lane in range(8)]
    times = at_once(bench.options.port, path, lanes, every=1 / 25)
    p99 = times[int(len(times) * 0.99)]
    bench.report("webhooks taken at 200/s", f"p50 {times[len(times) // 2]:.1f} ms, p99 {p99:.1f} ms of {len(times):,}", "–", "p99 < 100 ms", p99 < 100)


def processed(bench, path, count=50_000):
    """Orders per second from the first delivery to the last one processed: with customers, lines, figures and timeline."""
    first = time.time_ns() // 1000
    bodies = [(headers("orders/create", body), body) for body in orders(first, count, 20_000, 2)]
    began = time.monotonic()
    at_once(bench.options.port, path, [bodies[lane::4] for lane in range(4)])
    taken = time.monotonic() - began
    while True:
        waiting = int(bench.psql(f"SELECT count(*) FROM webhook_events WHERE organization_id = '{bench.organization}' AND state = 'queued'"))
        if waiting == 0:
            break
        time.sleep(0.5)
    seconds = time.monotonic() - began
    known = int(bench.psql(f"SELECT count(*) FROM orders WHERE organization_id = '{bench.organization}' AND source = 'shopify' AND external_id >= '{first}' AND external_id < '{first + count}' AND is_known"))
    if known != count:
        raise RuntimeError(f"{known} of {count} orders are there")
    rate = count / seconds
    bench.report(f"orders of webhooks processed, {count:,} in a row: customers, lines, figures, timeline, jobs", f"{rate:,.0f}/s; all taken after {taken:.0f} s", "–", "≥ 300/s", rate >= 300)


def reckoned(bench):
    """The figures of everybody reckoned anew, beside one statement that only adds up."""
    began = time.monotonic()
    bench.regulars("metrics", "verify", "--organization", "bench")
    seconds = time.monotonic() - began
    orders_there = int(bench.psql(f"SELECT count(*) FROM orders WHERE organization_id = '{bench.organization}'"))
    began = time.monotonic()
    of = f"organization_id = '{bench.organization}'"
    bench.psql(f"""
        WITH o AS (SELECT id, customer_id, total_base, refunded_base, placed_at, items FROM orders WHERE {of} AND counts AND deleted_at IS NULL),
          l AS (SELECT o.customer_id, l.category, l.brand, sum(l.current_quantity) AS q, sum(l.total) AS spent FROM o JOIN order_lines l ON l.{of} AND l.order_id = o.id GROUP BY GROUPING SETS ((1, 2), (1, 3))),
          s AS (SELECT customer_id, count(*), sum(total_base), sum(refunded_base), sum(items), min(placed_at), max(placed_at), round(sum(total_base) / count(*), 2) FROM o GROUP BY 1),
          c AS (SELECT DISTINCT ON (customer_id) customer_id, category FROM l WHERE category IS NOT NULL ORDER BY customer_id, q DESC, spent DESC),
          b AS (SELECT DISTINCT ON (customer_id) customer_id, brand FROM l WHERE brand IS NOT NULL ORDER BY customer_id, q DESC, spent DESC)
        SELECT count(s), count(c), count(b) FROM s LEFT JOIN c USING (customer_id) LEFT JOIN b USING (customer_id)""")
    limit = time.monotonic() - began
    ratio = limit / seconds
    bench.report(f"figures verified: {orders_there:,} orders among {bench.count:,} customers", f"{seconds:.1f} s", f"one aggregate statement {limit:.1f} s", f"≥ 0.5: {ratio:.2f}", ratio >= 0.5)


def flood(bench, count=20_000, kills=8, is_mirrored=False):
    """Kills the server or PostgreSQL at random moments while webhooks pour in, on a database of its own; the sender sends again
    what was not answered, as a shop does. Afterwards everything is there, once. With a mirror Firestore is away all the while,
    and holds everything once it is back."""
    stage, emulator, emulator_port = bench.apart(), None, firestore.free_port()
    if is_mirrored:
        stage.environment["REGULARS_FIRESTORE_EMULATOR"] = f"127.0.0.1:{emulator_port}"
    try:
        stage.start()
        stage.regulars("organization", "create", "Bench", "--slug", "bench")
        if is_mirrored:
            stage.key = stage.regulars("key", "create", "--organization", "bench", "--name", "bench", "--role", "admin")
            stage.put("/api/v1/sync/firestore", {"project_id": "bench"})
        path = stage.regulars("connection", "create", "--organization", "bench", "--provider", "shopify", "--secret", SECRET).split()[-1]
        bodies = [(headers("orders/create", body), body) for body in orders(1_000_000, count, 2_000, 3)]
        dice, again, over = random.Random(4), [0], threading.Event()

        def sender(lane):
            connection = None
            for head, body in lane:
                while True:
                    try:
                        connection = connection or http.client.HTTPConnection("127.0.0.1", stage.options.port, timeout=20)
                        connection.request("POST", path, body, head)
                        answer = connection.getresponse()
                        answer.read()
                        if answer.status == 200:
                            break
                    except (OSError, http.client.HTTPException):
                        connection = None
                    again[0] += 1
                    time.sleep(0.2)

        threads = [threading.Thread(target=sender, args=(bodies[lane::8],), daemon=True) for lane in range(8)]
        for thread in threads:
            thread.start()
        killed = {"server": 0, "PostgreSQL": 0}
        for turn in range(kills):
            time.sleep(dice.uniform(1, 4))
            if turn % 2:
                os.kill(stage.postmaster(), signal.SIGKILL)
                killed["PostgreSQL"] += 1
                # The server goes on by itself if it can; a supervisor would start it again if not.
                time.sleep(1)
                if stage.server.poll() is None:
                    stage.server.kill()
            else:
                stage.server.kill()
                killed["server"] += 1
            stage.server.wait()
            stage.start()
        for thread in threads:
            thread.join(300)
            if thread.is_alive():
                raise RuntimeError("what was sent is not taken after five minutes")
        stage.postmaster()
        drained(stage, 10)
        said, holds = told_once(stage, count)
        if is_mirrored:
            state = stage.get("/api/v1/sync/firestore")["state"]
            emulator = firestore.start(emulator_port)
            mirrored = current(stage)
            said, holds = f"{said}; the mirror was “{state}”, then {mirrored}", holds and state == "failing"
        bench.report(f"{count:,} webhooks while server and PostgreSQL are killed {killed['server']} and {killed['PostgreSQL']} times" + (", and Firestore is away" if is_mirrored else ""),
                     f"{said}; {again[0]} sent again", "–", "each once", holds)
    finally:
        if emulator:
            emulator.kill()
            emulator.wait()
        stage.stop()
        shutil.rmtree(stage.data, ignore_errors=True)


def current(stage):
    """Waits until everything is in Firestore; answers what a comparison says, which is an error if anything differs."""
    for _ in range(600):
        if stage.get("/api/v1/sync/firestore")["state"] == "current":
            return stage.regulars("sync", "verify", "--organization", "bench").splitlines()[0]
        time.sleep(0.5)
    raise RuntimeError("the mirror is not current after five minutes")


def drained(stage, minutes):
    """Waits until nothing waits in the inbox."""
    began = time.monotonic()
    while int(stage.psql("SELECT count(*) FROM webhook_events WHERE state = 'queued'")):
        if time.monotonic() - began > minutes * 60:
            raise RuntimeError(f"the inbox is not drained after {minutes} minutes")
        time.sleep(0.5)


def told_once(stage, count):
    """What came of so many orders, and whether each is there once."""
    count_of = lambda what: int(stage.psql(f"SELECT count(*) FROM {what}"))
    there, told, undone = count_of("orders WHERE is_known"), count_of("events WHERE kind = 'order.placed'"), count_of("webhook_events WHERE state <> 'done'")
    figures = int(stage.psql("SELECT coalesce(sum(orders), 0) FROM customer_metrics"))
    # It ends with an error if the figures are not what the orders say.
    verified = stage.regulars("metrics", "verify", "--organization", "bench").splitlines()[-1]
    return f"{there:,} orders, {told:,} told, {figures:,} in figures, {undone} not done; {verified}", there == told == figures == count and undone == 0


def shared(bench, count=10_000):
    """Two servers that take and three workers that process, on one database."""
    stage, others = bench.apart(), []
    try:
        stage.start("--only", "web")
        stage.regulars("organization", "create", "Bench", "--slug", "bench")
        path = stage.regulars("connection", "create", "--organization", "bench", "--provider", "shopify", "--secret", SECRET).split()[-1]
        stage.postmaster()
        ports = [stage.options.port + place for place in range(1, 5)]
        for place, port in enumerate(ports):
            others.append(subprocess.Popen([bench.binary, "serve", "--listen", f"127.0.0.1:{port}", "--database-url", stage.url, "--only", "worker" if place else "web"],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "REGULARS_LOG": "warn"}))
        for port in ports:
            ready(port)
        bodies = [(headers("orders/create", body), body) for body in orders(1_000_000, count, 2_000, 5)]
        # Every tenth comes to both.
        lanes = [(stage.options.port, bodies[0::2] + bodies[1::20]), (ports[0], bodies[1::2] + bodies[0::20])]
        began = time.monotonic()
        threads = [threading.Thread(target=at_once, args=(port, path, [lane[place::2] for place in range(2)])) for port, lane in lanes]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        drained(stage, 10)
        seconds = time.monotonic() - began
        said, holds = told_once(stage, count)
        shares = [sum(float(value) for value in re.findall(r"^regulars_webhooks_processed_total\{.*\} (\S+)", urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10).read().decode(), re.M)) for port in ports[1:]]
        bench.report(f"{count:,} webhooks taken by two servers, a tenth by both, processed by three workers", f"{said}; {count / seconds:,.0f}/s; shares " + ", ".join(f"{share:,.0f}" for share in shares), "–", "each once", holds and min(shares) > 0)
    finally:
        for other in others:
            other.terminate()
            other.wait(60)
        stage.stop()
        shutil.rmtree(stage.data, ignore_errors=True)


def ready(port):
    for _ in range(600):
        try:
            if urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1).status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"nothing is ready on port {port}")


def furnish(bench, count=200_000):
    """The orders that a shop has when it is measured, told by REST in batches of 1,000, of three years and any customer."""
    dice, now = random.Random(7), time.time()

    def order(n):
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - dice.random() * 3 * 365 * 86_400))
        lines = [{"external_id": str(place), "product_external_id": str(dice.randrange(1, 2000)), "title": f"Thing {dice.randrange(2000)}", "brand": f"Brand {dice.randrange(60)}", "category": f"Kind {dice.randrange(20)}",
                  "quantity": dice.randrange(1, 4), "price": f"{dice.randrange(5, 200)}.{dice.randrange(100):02}"} for place in range(dice.randrange(1, 4))]
        return {"source": "till", "external_id": str(n), "number": f"#{n}", "customer": {"source": "csv", "external_id": f"bench-{dice.randrange(bench.options.customers)}"}, "currency": "EUR", "placed_at": at, "payment_status": "paid", "lines": lines}

    head = {"Authorization": f"Bearer {bench.key}", "Content-Type": "application/json"}
    for first in range(0, count, 20_000):
        bodies = [json.dumps([order(n) for n in range(start, start + 1_000)]).encode() for start in range(first, min(first + 20_000, count), 1_000)]
        at_once(bench.options.port, "/api/v1/orders", [[(head, body) for body in bodies[lane::4]] for lane in range(4)])
    there = int(bench.psql(f"SELECT count(*) FROM orders WHERE organization_id = '{bench.organization}' AND customer_id IS NOT NULL"))
    if there != count:
        raise RuntimeError(f"{there} of {count} orders are there")


def grow(bench, count=1_000_000):
    """Copies orders with their lines until there are so many, each of the customer that the first of it was of, and keeps the figures right."""
    mine = f"organization_id = '{bench.organization}'"
    there = int(bench.psql(f"SELECT count(*) FROM orders WHERE {mine}"))
    columns = {table: bench.psql(f"SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''").split(",")
               for table in ("orders", "order_lines")}
    turn = 0
    while there < count:
        turn += 1
        new = lambda name: f"md5({name}::text || 'copy {turn} {there}')::uuid"
        take = lambda table, other: ", ".join(other.get(name, name) for name in columns[table])
        bench.psql(f"""CREATE TEMPORARY TABLE copied AS SELECT id FROM orders WHERE {mine} AND source = 'till' AND external_id NOT LIKE '%copy%' ORDER BY id LIMIT {count - there};
            INSERT INTO orders ({', '.join(columns['orders'])}) SELECT {take('orders', {'id': new('id'), 'external_id': f"external_id || ' copy {turn} {there}'"})} FROM orders JOIN copied USING (id) WHERE {mine};
            INSERT INTO order_lines ({', '.join(columns['order_lines'])}) SELECT {take('order_lines', {'order_id': new('order_id')})} FROM order_lines WHERE {mine} AND order_id IN (SELECT id FROM copied)""")
        there = int(bench.psql(f"SELECT count(*) FROM orders WHERE {mine}"))
    bench.psql("VACUUM ANALYZE orders, order_lines")
    bench.regulars("metrics", "verify", "--organization", "bench", "--repair")
    bench.psql("VACUUM ANALYZE customer_metrics")


def run(bench):
    path = bench.regulars("connection", "create", "--organization", "bench", "--provider", "shopify", "--secret", SECRET, "--name", f"Bench {time.strftime('%H:%M:%S')}").split()[-1]
    bench.orders = int(bench.psql(f"SELECT count(*) FROM orders WHERE organization_id = '{bench.organization}'"))
    accepted(bench, path)
    steady(bench, path)
    processed(bench, path)


def figures(bench):
    grow(bench)
    reckoned(bench)


def outages(bench):
    flood(bench)
    flood(bench, is_mirrored=True)
    shared(bench)
