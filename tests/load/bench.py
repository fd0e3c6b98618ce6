"""Benchmarks of the running release server, each beside its limit: the same work sent straight to the same PostgreSQL.

Standard library only. wrk makes the HTTP load, pgbench the SQL load. See run.sh.
"""

import argparse
import csv
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import activities
import webhooks
from data import FIRST, LAST, workbook, write_customers

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# What is measured in one run: among how many customers, and which parts.
SECTIONS = {
    "customers": (1_000_000, ["read", "search", "filters", "pages", "create", "export", "restart", "files"]),
    "commerce": (100_000, ["webhooks", "activities", "figures", "mirror", "outages"]),
}


class Bench:
    # Turns that the server and pgbench take at what other work in the database disturbs.
    rounds = 5

    def __init__(self, options):
        self.options = options
        self.binary = os.path.abspath(options.binary)
        self.data = pathlib.Path(options.data).resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        self.base = f"http://127.0.0.1:{options.port}"
        self.server = None
        # What the server and the commands are told beside everything else.
        self.environment = {}
        self.rows = []
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="regulars-bench-"))
        os.chmod(self.scratch, 0o755)

    # --- the server -------------------------------------------------------------------------------------------------

    def start(self, *more):
        began = time.monotonic()
        log = open(self.scratch / "server.log", "ab")
        self.server = subprocess.Popen(
            [self.binary, "serve", "--listen", f"127.0.0.1:{self.options.port}", "--data-dir", str(self.data), *more],
            stdout=log, stderr=log, env={**os.environ, "REGULARS_RATE_LIMIT": "0", "REGULARS_LOG": "warn", **self.environment})
        while time.monotonic() - began < 120:
            try:
                if urllib.request.urlopen(self.base + "/readyz", timeout=1).status == 200:
                    return time.monotonic() - began
            except OSError:
                pass
            if self.server.poll() is not None:
                sys.exit("the server stopped: " + (self.scratch / "server.log").read_text()[-2000:])
            time.sleep(0.01)
        sys.exit("the server is not ready after two minutes")

    def stop(self):
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGTERM)
            self.server.wait(60)

    def memory(self, pid, field="VmRSS"):
        text = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", text)[1]) / 1024

    def regulars(self, *arguments):
        done = subprocess.run([self.binary, *arguments, "--data-dir", str(self.data)], capture_output=True, text=True, env={**os.environ, **self.environment})
        if done.returncode != 0:
            raise RuntimeError(f"regulars {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def get(self, path, key=None):
        request = urllib.request.Request(self.base + path, headers={"Authorization": f"Bearer {key or self.key}"})
        return json.load(urllib.request.urlopen(request, timeout=60))

    def apart(self):
        """The same with a database of its own, for what would spoil this one."""
        options = argparse.Namespace(**{**vars(self.options), "data": tempfile.mkdtemp(prefix="regulars-bench-"), "port": self.options.port + 3})
        os.chmod(options.data, 0o755)
        return Bench(options)

    def postmaster(self):
        """The process of PostgreSQL that all others of it come from."""
        self.url = self.regulars("database-url")
        return int(self.psql("SELECT split_part(pg_read_file('postmaster.pid'), chr(10), 1)"))

    # --- loads ------------------------------------------------------------------------------------------------------

    def wrk(self, paths, connections, seconds, method="GET", body=None):
        """Rate and latency of requests drawn at random from the paths; every answer must be a 2xx."""
        script = self.scratch / "load.lua"
        listed = ",".join(json.dumps(path) for path in paths)
        request = f'wrk.format("{method}", paths[math.random(#paths)])'
        if body:
            request = f'(function() n = n + 1; return wrk.format("POST", paths[1], nil, string.format({json.dumps(body)}, id, n, os.time())) end)()'
        script.write_text(f"""
wrk.headers["Authorization"] = "Bearer {self.key}"
wrk.headers["Content-Type"] = "application/json"
local paths = {{{listed}}}
local threads = 0
n = 0
function setup(thread) threads = threads + 1; thread:set("id", threads) end
function init() math.randomseed(os.time() + id) end
function request() return {request} end
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("status %d, connect %d, read %d, write %d, timeout %d\\n", e.status, e.connect, e.read, e.write, e.timeout))
  io.write(string.format("RESULT %f %f %f %f %d\\n", summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3,
    latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, e.status + e.connect + e.read + e.write + e.timeout))
end
""")
        done = subprocess.run(["wrk", f"-t{min(connections, 2)}", f"-c{connections}", f"-d{seconds}s", "-s", str(script), self.base],
                              capture_output=True, text=True, check=True)
        rate, p50, p95, p99, errors = re.search(r"RESULT (\S+) (\S+) (\S+) (\S+) (\d+)", done.stdout).groups()
        if int(errors):
            raise RuntimeError(f"{errors} failed requests on {paths[0]}: {done.stdout}\n{(self.scratch / 'server.log').read_text()[-3000:]}")
        return dict(rate=float(rate), p50=float(p50), p95=float(p95), p99=float(p99))

    def pgbench(self, statement, clients, seconds, setup=""):
        """Rate and latency of a statement as the serving role, prepared, straight to PostgreSQL."""
        script = self.scratch / "limit.sql"
        script.write_text(setup + statement.strip().rstrip(";") + ";\n")
        log = self.scratch / "limit"
        for old in self.scratch.glob("limit.*[0-9]"):
            old.unlink()
        done = subprocess.run(
            ["pgbench", "-n", "-M", "prepared", "-f", str(script), "-c", str(clients), "-j", "2", "-T", str(seconds), "-l", f"--log-prefix={log}", self.url],
            capture_output=True, text=True, env={**os.environ, "PGOPTIONS": f"-c role=regulars_app -c app.organization_id={self.organization}"})
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        times = sorted(int(line.split()[2]) / 1e3 for file in self.scratch.glob("limit.*[0-9]") for line in open(file))
        rate = float(re.search(r"tps = (\S+)", done.stdout)[1])
        return dict(rate=rate, p50=times[len(times) // 2], p95=times[int(len(times) * 0.95)])

    def limits(self, statement, clients, setup=""):
        """The statement alone, and as the server must send it: in a transaction that names the organization."""
        alone = self.pgbench(statement, clients, self.options.seconds, setup)
        begin = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\nSET LOCAL app.organization_id = '{self.organization}';\n"
        same = self.pgbench(statement.rstrip("; \n") + ";\nCOMMIT", clients, self.options.seconds, setup + begin)
        return alone, same

    def report_rate(self, work, p50, reach, limits, one, many):
        """A line with a latency at one client and a rate at 16, the rate beside both limits."""
        alone, same = limits
        ratio = many["rate"] / same["rate"]
        self.report(work, f"p50 {one['p50']:.2f} ms; {many['rate']:,.0f}/s at 16", f"{same['rate']:,.0f}/s at 16 (outside a transaction {alone['rate']:,.0f}: {many['rate'] / alone['rate']:.2f})",
                    f"p50 ≤ {p50} ms; ≥ {reach}: {ratio:.2f}", one["p50"] <= p50 and ratio >= reach)

    def psql(self, sql):
        done = subprocess.run(["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", self.url, "-c", sql], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr)
        return done.stdout.strip()

    def report(self, work, ours, limit, reach, holds):
        print(f"{'ok  ' if holds else 'MISS'} {work}: {ours} | limit {limit} | reach {reach}", flush=True)
        self.rows.append((work, ours, limit, reach, "yes" if holds else "**no**"))

    # --- the work ---------------------------------------------------------------------------------------------------

    def prepare(self):
        self.start()
        self.url = self.regulars("database-url")
        try:
            self.regulars("organization", "create", "Bench", "--slug", "bench")
        except RuntimeError as error:
            if "bench" not in str(error):
                raise
        self.key = self.regulars("key", "create", "--organization", "bench", "--name", "bench", "--role", "admin")
        self.organization = self.psql("SELECT id FROM organizations WHERE slug = 'bench'")
        self.clear()
        self.count = self.living()

    def fill(self):
        kept = self.data / "import-2.json"
        if kept.exists():
            when, rows = json.loads(kept.read_text())
            # Measured when these data were made, not now: the line says so.
            self.rows += [(f"{row[0]} (of {when})", *row[1:]) for row in rows]
            return
        if self.count:
            sys.exit(f"{self.data} holds data of another version of this bench; remove it")
        file = self.data / "bench.csv"
        write_customers(file, self.options.customers, "bench")
        self.psql("CHECKPOINT")
        for dry in (True, False):
            arguments = ["import", str(file), "--organization", "bench", "--json"] + (["--dry-run"] if dry else [])
            began, peak = time.monotonic(), 0
            process = subprocess.Popen([self.binary, *arguments, "--data-dir", str(self.data)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            while process.poll() is None:
                try:
                    peak = max(peak, self.memory(process.pid, "VmHWM"), self.memory(self.server.pid, "VmHWM"))
                except (FileNotFoundError, TypeError):
                    pass
                time.sleep(0.2)
            seconds = time.monotonic() - began
            if process.returncode != 0:
                raise RuntimeError("the import failed")
            rate = self.options.customers / seconds
            if dry:
                self.dry_rate, self.dry_peak = rate, peak
            else:
                limits = self.copy_limits() if self.options.section == "customers" else [(1, 1)]
                whole = self.options.customers / sum(seconds for _, seconds in limits)
                alone = limits[0][0] / limits[0][1]
                if self.options.section == "commerce":
                    break
                self.report("import CSV, upsert mode, validated, with events", f"{rate:,.0f} customers/s with all their rows",
                            f"COPY of the same rows into the same indexes {whole:,.0f} customers/s (of `customers` alone {alone:,.0f})", f"≥ 0.5: {rate / whole:.2f}", rate >= 0.5 * whole)
                self.report("dry run of that import", f"{self.dry_rate:,.0f} rows/s", f"apply {rate:,.0f} rows/s", f"≥ 1.0; {self.dry_rate / rate:.2f}", self.dry_rate >= rate)
                self.report("memory of an import", f"{max(peak, self.dry_peak):.0f} MB", "–", "≤ 200 MB", max(peak, self.dry_peak) <= 200)
        if self.options.section == "commerce":
            webhooks.furnish(self)
            kept.write_text(json.dumps([time.strftime("%Y-%m-%d"), []]))
            self.psql("VACUUM ANALYZE")
            self.count = self.living()
            return
        self.furnish()
        kept.write_text(json.dumps([time.strftime("%Y-%m-%d"), self.rows]))
        for n in range(100):
            slug = f"small-{n}"
            self.regulars("organization", "create", f"Small {n}", "--slug", slug)
            small = self.data / "small.csv"
            write_customers(small, 1000, slug)
            self.regulars("import", str(small), "--organization", slug)
        self.psql("VACUUM ANALYZE")
        self.count = self.living()

    def living(self):
        return int(self.psql(f"SELECT count(*) FROM customers WHERE organization_id = '{self.organization}' AND deleted_at IS NULL"))

    def furnish(self):
        """What no file brings: an owner for two percent, a contact for each company, a note for every fifth customer, and one in
        two hundred deleted."""
        self.regulars("user", "create", "agent@bench.example.com", "--organization", "bench", "--role", "agent")
        mine, draw = f"organization_id = '{self.organization}'", "('x' || substr(md5(id::text), 1, 6))::bit(24)::int"
        self.psql(f"UPDATE customers SET owner_id = (SELECT user_id FROM memberships WHERE {mine} LIMIT 1) WHERE {mine} AND {draw} % 50 = 0")
        self.psql(f"UPDATE customers SET deleted_at = now() WHERE {mine} AND {draw} % 200 = 7")
        self.psql("INSERT INTO contacts (organization_id, id, customer_id, first_name, last_name, email, title) "
                  f"SELECT organization_id, gen_random_uuid(), id, 'Kim', last_name, 'kim.' || code || '@example.org', 'Buyer' FROM customers WHERE {mine} AND kind = 'company'")
        self.psql("INSERT INTO notes (organization_id, id, customer_id, body, actor_kind) "
                  f"SELECT organization_id, gen_random_uuid(), id, 'Asked for the autumn catalogue; sent on Monday.', 'system' FROM customers WHERE {mine} AND {draw} % 5 = 1")

    def copy_limits(self):
        """Rows and seconds of COPY for each table that the import filled: the same rows, into tables with the same columns,
        checks and indexes, but without foreign keys, row-level security or anything that decides."""
        limits = []
        rows = self.scratch / "rows"
        self.psql("DROP SCHEMA IF EXISTS bench_limit CASCADE; CREATE SCHEMA bench_limit")
        for table in ("customers", "addresses", "customer_sources", "customer_tags", "events"):
            columns = self.psql("SELECT string_agg(quote_ident(attname), ',' ORDER BY attnum) FROM pg_attribute "
                                f"WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''")
            with open(rows, "wb") as out:
                subprocess.run(["psql", "-Xq", self.url, "-c", f"COPY (SELECT {columns} FROM {table} WHERE organization_id = '{self.organization}') TO STDOUT"], stdout=out, check=True)
            self.psql(f"CREATE TABLE bench_limit.{table} (LIKE public.{table} INCLUDING ALL); CHECKPOINT")
            began = time.monotonic()
            with open(rows, "rb") as source:
                subprocess.run(["psql", "-Xq", self.url, "-c", f"COPY bench_limit.{table} ({columns}) FROM STDIN"], stdin=source, check=True)
            limits.append((int(self.psql(f"SELECT count(*) FROM bench_limit.{table}")), time.monotonic() - began))
            self.psql(f"DROP TABLE bench_limit.{table}")
        self.psql("DROP SCHEMA bench_limit CASCADE")
        rows.unlink()
        return limits

    def read(self):
        columns = self.customer_columns()
        seconds = self.options.seconds
        self.get("/api/v1/customers?limit=25")

        path = ["/api/v1/customers?limit=25"]
        order = "ORDER BY c.created_at DESC, c.id DESC LIMIT 26"
        limits = self.limits(f"SELECT {columns} FROM customers c WHERE c.deleted_at IS NULL {order}", 16)
        self.report_rate("list, first 25, default fields", 1, 0.25, limits, self.wrk(path, 1, seconds), self.wrk(path, 16, seconds))

        half, identifier = self.psql(f"SELECT created_at, id FROM customers WHERE organization_id = '{self.organization}' AND deleted_at IS NULL ORDER BY created_at DESC, id DESC OFFSET {self.count // 2} LIMIT 1").split("|")
        path = [f"/api/v1/customers?limit=25&cursor={urllib.parse.quote(self.half_cursor(half))}"]
        limits = self.limits(f"SELECT {columns} FROM customers c WHERE c.deleted_at IS NULL AND (c.created_at, c.id) < ('{half}', '{identifier}') {order}", 16)
        self.report_rate("list, cursor at half depth", 1.2, 0.4, limits, self.wrk(path, 1, seconds), self.wrk(path, 16, seconds))

        sample = self.psql(f"SELECT id || ' ' || email FROM customers WHERE organization_id = '{self.organization}' AND email IS NOT NULL AND deleted_at IS NULL ORDER BY md5(id::text) LIMIT 1000").splitlines()
        ids, emails = zip(*(line.split(" ") for line in sample))
        paths = [f"/api/v1/customers/{one}?include=addresses,contacts,sources,tags,notes" for one in ids]
        pick = "\\set n random(0, 999)\n"
        self.psql("DROP TABLE IF EXISTS bench_sample; CREATE TABLE bench_sample (n int PRIMARY KEY, id uuid, email text); GRANT SELECT ON bench_sample TO regulars_app; INSERT INTO bench_sample VALUES " + ",".join(f"({n}, '{i}', '{e}')" for n, (i, e) in enumerate(zip(ids, emails))))
        parts = " ".join(f", (SELECT json_agg(x) FROM {table} x WHERE x.customer_id = c.id)" for table in ("addresses", "contacts", "customer_sources", "customer_tags", "notes"))
        limits = self.limits(f"SELECT {columns}{parts} FROM customers c WHERE c.id = (SELECT id FROM bench_sample WHERE n = :n)", 16, pick)
        self.report_rate("one customer with all its parts", 1.5, 0.4, limits, self.wrk(paths, 1, seconds), self.wrk(paths, 16, seconds))

        paths = [f"/api/v1/customers/by-email/{urllib.parse.quote(one)}" for one in emails]
        alone, _ = self.limits(f"SELECT {columns} FROM customers c WHERE c.email_lowercase = (SELECT email FROM bench_sample WHERE n = :n) AND c.deleted_at IS NULL", 1, pick)
        one = self.wrk(paths, 1, seconds)
        self.report("by e-mail", f"p50 {one['p50']:.2f} ms", f"p50 {alone['p50']:.2f} ms", "p50 ≤ 0.8 ms", one["p50"] <= 0.8)
        self.psql("DROP TABLE bench_sample")

    def customer_columns(self):
        """The columns of a list as the server reads them, from the source."""
        source = (ROOT / "crates/customers/src/store/row.rs").read_text()
        def body(name):
            return re.search(r"macro_rules! " + name + r" \{\s*\(\) => \{(.*?)\n    \};", source, re.S)[1]

        literals = body("customer_columns").replace("$crate::store::row::credit_limit_currency!()", body("credit_limit_currency"))
        return re.sub(r"\\\n\s*", "", "".join(re.findall(r'"(.*?)"', literals, re.S)))

    def half_cursor(self, created):
        """The cursor that a client holds at half depth: the list from there on, one page taken."""
        page = self.get("/api/v1/customers?limit=1&created_to=" + urllib.parse.quote(created.replace(" ", "T").replace("+00", "Z")))
        cursor = page["page"]["next_cursor"]
        return cursor

    def search(self):
        limit_sql = "SELECT id FROM customers WHERE organization_id = current_organization() AND deleted_at IS NULL AND search_text LIKE '%smi%' LIMIT 500"
        script = self.scratch / "search.sql"
        script.write_text(limit_sql + ";\n")
        for old in self.scratch.glob("search.*[0-9]"):
            old.unlink()
        # Straight to the table as its owner's superuser: the limit without row-level security.
        subprocess.run(["pgbench", "-n", "-M", "simple", "-f", str(script), "-c", "1", "-T", str(self.options.seconds), "-l", f"--log-prefix={self.scratch / 'search'}", self.url],
                       check=True, capture_output=True, env={**os.environ, "PGOPTIONS": f"-c app.organization_id={self.organization}"})
        times = sorted(int(line.split()[2]) / 1e3 for file in self.scratch.glob("search.*[0-9]") for line in open(file))
        limit = times[int(len(times) * 0.95)]
        ours = self.wrk(["/api/v1/customers?q=smi&limit=25"], 1, self.options.seconds)
        self.report("search “smi” (infix), best 25", f"p95 {ours['p95']:.2f} ms", f"p95 {limit:.2f} ms", f"p95 ≤ 1.5 × limit + 2 = {1.5 * limit + 2:.1f} ms", ours["p95"] <= 1.5 * limit + 2)
        draw = random.Random(7)
        names = [name for name in FIRST + LAST if len(name) > 4]
        typos = []
        while len(typos) < 200:
            name = draw.choice(names)
            at = draw.randrange(1, len(name))
            typos.append(draw.choice([name[:at] + name[at + 1:], name[:at] + draw.choice("aeiourstn") + name[at:], name[:at] + draw.choice("aeiourstn") + name[at + 1:]]))
        found = sum(bool(self.get(f"/api/v1/customers?q={urllib.parse.quote(word)}&limit=25")["data"]) for word in typos)
        ours = self.wrk([f"/api/v1/customers?q={urllib.parse.quote(word)}&limit=25" for word in typos], 1, self.options.seconds)
        self.report("search with a typo, best 25", f"p95 {ours['p95']:.2f} ms; {found} of {len(typos)} find somebody", "–", "p95 ≤ 10 ms", ours["p95"] <= 10)

    def filters(self):
        """Every filter of the page with its usual order, every order, and all pairs of them, first 50."""
        owner = self.psql(f"SELECT user_id FROM memberships WHERE organization_id = '{self.organization}' LIMIT 1")
        filters = ["", "status=vip", "status=active", "type=registered", "type=wholesale", "kind=company", "lifecycle_stage=prospect", "lifecycle_stage=lost",
                   "priority=urgent", "source=csv", "tag=press", "tag=newsletter", "country=DE", "country=US", f"owner={owner}", "owner=none", "has_email=true", "has_email=false",
                   "has_phone=true", "has_phone=false", "created_from=2025-06-01", "created_to=2024-06-01", "updated_from=2020-01-01", "updated_to=2037-01-01",
                   "birthday_from=12-24&birthday_to=12-31", "last_active_from=2026-06-01", "last_active_to=2024-06-01", "deleted=with", "deleted=only", "attribute.shoe_size=42",
                   "attribute.club=gold",
                   "filter=" + urllib.parse.quote("(status = vip or tag = press) and created_at >= days_ago(365)"),
                   "filter=" + urllib.parse.quote("country in (DE, FR) and last_active_at is empty and not (kind = company)"),
                   "filter=" + urllib.parse.quote("attribute.shoe_size in (46, 47) and type = wholesale")]
        sorts = ["-created_at", "created_at", "-updated_at", "updated_at", "full_name", "-full_name", "-last_active_at", "last_active_at", "code", "-code", "status", "-status", "type",
                 "-type", "country", "-country", "status,full_name"]
        several = ["tag=press&country=FR", "status=vip&tag=b2b", "status=vip&country=PL&tag=press", "status=churned&tag=press&country=FR&type=wholesale"]
        connection = http.client.HTTPConnection("127.0.0.1", self.options.port)
        everything, single = [], []
        for one in filters + several:
            for sort in sorts[:1] if one in several else sorts:
                path = f"limit=50&sort={sort}&{one}".rstrip("&")
                times = []
                for _ in range(20):
                    began = time.perf_counter()
                    connection.request("GET", "/api/v1/customers?" + path, headers={"Authorization": f"Bearer {self.key}"})
                    answer = connection.getresponse()
                    body = answer.read()
                    if answer.status != 200:
                        raise RuntimeError(f"{path}: {answer.status}")
                    if b'"data":[]' in body:
                        raise RuntimeError(f"{path} finds nobody, which shows nothing")
                    times.append((time.perf_counter() - began) * 1e3)
                p95 = sorted(times)[18]
                if p95 > 20:
                    print(f"     slow: {path} p95 {p95:.1f} ms, first {times[0]:.1f} ms", flush=True)
                everything.append((p95, path, times))
                if one not in several and (not one or sort == sorts[0]):
                    single.append((p95, path, times))
        # Each filter and each sort must hold by itself; of the pairs, some of which nobody asks for, nearly all of them.
        for work, measured in (("any filter, or any sort, first 50", single), ("any filter with any sort, or several filters, first 50", everything)):
            times = sorted(time for _, _, all_of_it in measured for time in all_of_it)
            p95, (worst, path, _) = times[int(len(times) * 0.95)], max(measured)
            over = sum(one > 20 for one, _, _ in measured)
            each = measured is single
            self.report(work, f"p95 {p95:.1f} ms; worst p95 {worst:.1f} ms (`{path}`); {over} of {len(measured)} over 20 ms", "–",
                        "p95 ≤ 20 ms" + (" of each" if each else ""), (worst if each else p95) <= 20)

    def pages(self):
        """What a person opens: whole pages as the server gives them, and the list in a browser until its rows are painted."""
        link = self.regulars("user", "create", f"page-{uuid.uuid4().hex[:8]}@bench.example.com", "--organization", "bench", "--role", "agent")
        connection = http.client.HTTPConnection("127.0.0.1", self.options.port)

        def ask(method, path, headers, body=None):
            began = time.perf_counter()
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 400:
                raise RuntimeError(f"{path}: {answer.status}")
            return (time.perf_counter() - began) * 1e3, answer, text

        form = urllib.parse.urlencode({"password": "a sentence for the bench", "password_repeated": "a sentence for the bench"})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.base, "Sec-Fetch-Site": "same-origin"}
        _, answer, _ = ask("POST", link[link.index("/set-password/"):], headers, form)
        cookie = answer.getheader("Set-Cookie").split(";")[0]
        ids = self.psql(f"SELECT id FROM customers WHERE organization_id = '{self.organization}' AND deleted_at IS NULL ORDER BY md5(id::text) LIMIT 200").splitlines()
        for work, paths in (("first 50 customers", ["/customers"]), ("customers found by “smi”", ["/customers?q=smi"]), ("companies as a tree", ["/customers?layout=tree"]),
                            ("a customer with the latest that happened", [f"/customers/{one}" for one in ids])):
            times = sorted(ask("GET", path, {"Cookie": cookie})[0] for path in (paths * 200)[:200])
            self.report(f"page: {work}", f"p50 {times[100]:.1f} ms, p95 {times[190]:.1f} ms", "–", "p95 ≤ 20 ms", times[190] <= 20)
        if not shutil.which("chromedriver"):
            print("     no chromedriver: what a browser shows is not measured", flush=True)
            return
        largest, first, lightest = (sorted(times) for times in zip(*self.painted(cookie, "/customers", "/healthz")))
        half = len(largest) // 2
        # What the browser takes by itself, for a line of text, is in each of them.
        self.report("first 50 customers on screen, in Chromium", f"list p50 {largest[half]:.0f} ms, worst {largest[-1]:.0f} ms of {len(largest)}, begun at p50 {first[half]:.0f} ms; the lightest answer p50 {lightest[half]:.0f} ms", "–", "p50 < 100 ms", largest[half] < 100)

    def painted(self, cookie, path, lightest):
        """Milliseconds from asking for a page until the largest part of it is painted and until anything is, and until
        anything of the lightest answer is, by turns in one browser and as it counts them."""
        port = self.options.port + 1
        driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def tell(method, path, body=None):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", json.dumps(body or {}).encode(), {"Content-Type": "application/json"}, method=method)
            return json.load(urllib.request.urlopen(request, timeout=60))["value"]

        try:
            for _ in range(100):
                try:
                    options = {"args": ["--headless=new", "--no-sandbox", "--window-size=1440,1000"]}
                    session = "/session/" + tell("POST", "/session", {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}})["sessionId"]
                    break
                except urllib.error.URLError:
                    time.sleep(0.1)
            tell("POST", session + "/url", {"url": self.base + "/sign-in"})
            name, value = cookie.split("=", 1)
            tell("POST", session + "/cookie", {"cookie": {"name": name, "value": value, "path": "/"}})
            script = """
                const done = arguments[0];
                const seen = (type) => new Promise((found) => new PerformanceObserver((list) => {
                  const entry = type === "paint" ? list.getEntriesByName("first-contentful-paint")[0] : list.getEntries().pop();
                  if (entry) found(entry.startTime);
                }).observe({ type, buffered: true }));
                Promise.all([seen("largest-contentful-paint"), seen("paint")])
                  .then((times) => done([...times, document.querySelectorAll("[data-row]").length]));"""

            def shown(path, wanted):
                tell("POST", session + "/url", {"url": self.base + path})
                largest, first, rows = tell("POST", session + "/execute/async", {"script": script, "args": []})
                if rows != wanted:
                    raise RuntimeError(f"{path} shows {rows} rows")
                return largest, first

            times = [(*shown(path, 50), shown(lightest, 0)[1]) for _ in range(31)]
            tell("DELETE", session)
            # The first one fetched style and script as well.
            return times[1:]
        finally:
            driver.terminate()

    def webhooks(self):
        """What a shop's webhooks bring: taken, processed, reckoned."""
        webhooks.run(self)

    def figures(self):
        """The figures of customers, of a million orders."""
        webhooks.figures(self)

    def mirror(self):
        """How fast an emulator of Firestore is filled, by the mirror and by a bare loop of full batches, in turns; on a database of its own."""
        done = subprocess.run(["cargo", "run", "--quiet", "--release", "--locked", "--package", "regulars-connect-firestore", "--example", "rates", "--", "10000", "3"],
                              cwd=ROOT, capture_output=True, text=True, env={**os.environ, "_JAVA_OPTIONS": "-Xmx6g"})
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-2000:])
        turns = [(int(bare), int(ours), float(ratio)) for bare, ours, ratio in re.findall(r"(?m)^bare (\d+)/s, mirror (\d+)/s, (\S+)$", done.stdout)]
        bare, ours, ratio = sorted(turns, key=lambda turn: turn[2])[len(turns) // 2]
        self.report("customers mirrored in Firestore's emulator, 10,000 changes", f"{ours:,}/s", f"a loop of full batches {bare:,}/s", f"≥ 0.7: {ratio:.2f} (rounds {', '.join(f'{turn[2]:.2f}' for turn in turns)})", ratio >= 0.7)

    def outages(self):
        """Webhooks while servers and PostgreSQL are killed, and several servers on one database."""
        webhooks.outages(self)

    def activities(self):
        """What visitors do: stored, and read on a timeline."""
        activities.run(self)

    def source_statement(self, path, begins):
        """A statement as the server sends it, from the source, its parameters to be filled in."""
        source = (ROOT / path).read_text()
        before, after = re.search(r'(r#)?"' + re.escape(begins), source)[1], source[source.index(begins):]
        literal = after[:after.index('"#' if before else '"')]
        return re.sub(r"\s+", " ", re.sub(r"--[^\n]*", "", literal)).replace(' AS "missing!"', "").replace(' AS "withdrawn!"', "")

    def filled(self, statement, values):
        return re.sub(r"\$(\d+)", lambda match: values.get(int(match[1]), "NULL"), statement)

    def create(self):
        """One customer a request. The limit is the same statements, as the source has them: the row and its event, in a
        transaction that names the organization."""
        self.psql("CREATE SEQUENCE IF NOT EXISTS bench_numbers; GRANT USAGE ON SEQUENCE bench_numbers TO regulars_app")
        version = int(self.psql("SHOW server_version_num"))
        fresh = "uuidv7()" if version >= 180000 else "gen_random_uuid()"
        organization = f"'{self.organization}'::uuid"
        alone_sql = (f"INSERT INTO customers (organization_id, id, email, first_name, last_name, sort_name, search_text) SELECT current_organization(), {fresh}, "
                     "'limit' || n || '@example.net', 'Limit', 'Case', 'limit case', 'limit case limit' || n || '@example.net' FROM nextval('bench_numbers') n")
        row = self.filled(self.source_statement("crates/customers/src/store/customers.rs", "INSERT INTO customers AS c"), {
            1: organization, 2: fresh, 4: "'person'", 5: "'limit' || nextval('bench_numbers') || '@example.net'", 7: "'Limit'", 8: "'Case'", 14: "'active'", 15: "'registered'",
            16: "'prospect'", 19: "'normal'", 20: "'standard'", 24: "'{}'::jsonb", 29: "now()", 30: "'limit case'",
            31: "' limit case limit' || currval('bench_numbers') || '@example.net '"})
        event = self.filled(self.source_statement("crates/events/src/store.rs", "INSERT INTO events"), {
            1: organization, 2: "'key'", 3: fresh, 4: "'01a1fe17b823'", 5: f"ARRAY[{fresh}]", 6: f"ARRAY[{fresh}]", 7: "ARRAY['customer.created']",
            8: "ARRAY['{\"code\": \"C-000001\"}'::jsonb]", 9: "ARRAY[now()]"})
        same_sql = f"BEGIN;\nSET LOCAL app.organization_id = '{self.organization}';\n{row};\n{event};\nCOMMIT"
        body = '{"email":"made%s.%s.%s@example.net","first_name":"Made","last_name":"Here"}'
        for clients in (1, 8):
            # In turns, and the median of the ratios: every few ten thousand rows PostgreSQL analyses the table, which takes
            # one of two cores from whoever is measured at that moment.
            rounds = []
            for _ in range(self.rounds):
                same = self.pgbench(same_sql, clients, self.options.seconds)["rate"]
                ours = self.wrk(["/api/v1/customers"], clients, self.options.seconds, "POST", body)["rate"]
                rounds.append((ours / same, ours, same))
            ratio, ours, same = sorted(rounds)[self.rounds // 2]
            alone = self.pgbench(alone_sql, clients, self.options.seconds)["rate"]
            all_ratios = ", ".join(f"{one[0]:.2f}" for one in rounds)
            self.report(f"create one (durable), {clients} client{'s' if clients > 1 else ''}", f"{ours:,.0f}/s",
                        f"{same:,.0f}/s (one bare INSERT {alone:,.0f}: {ours / alone:.2f})", f"≥ 0.7: {ratio:.2f} (rounds {all_ratios})", ratio >= 0.7)
        self.psql("DROP SEQUENCE bench_numbers")
        self.clear()

    def clear(self):
        """Takes out what creating left, also in a run that was broken off: single customers are drawn from what is there."""
        self.psql(f"DELETE FROM customers WHERE organization_id = '{self.organization}' AND (email LIKE 'limit%@example.net' OR email LIKE 'made%@example.net')")
        for table in ("orders WHERE source = 'shopify' AND", "webhook_events WHERE", "provider_entities WHERE", "connections WHERE", "activities WHERE", "customers WHERE email LIKE 'w7%@bench.example.com' AND"):
            self.psql(f"DELETE FROM {table} organization_id = '{self.organization}'")
        self.psql("VACUUM (ANALYZE, INDEX_CLEANUP ON) customers, orders, order_lines, customer_metrics, webhook_events, activities")

    def export(self):
        for kind, select in (("csv", "COPY (SELECT * FROM customers WHERE organization_id = '{o}' AND deleted_at IS NULL) TO STDOUT CSV"),
                             ("jsonl", "COPY (SELECT row_to_json(c) FROM customers c WHERE organization_id = '{o}' AND deleted_at IS NULL) TO STDOUT")):
            began = time.monotonic()
            with open(os.devnull, "wb") as nowhere:
                subprocess.run(["psql", "-Xq", self.url, "-c", select.format(o=self.organization)], stdout=nowhere, check=True)
            limit = self.count / (time.monotonic() - began)
            began = time.monotonic()
            # As psql above: the bytes are received, counted and thrown away.
            address, authorization = f"{self.base}/api/v1/customers/export?format={kind}", f"Authorization: Bearer {self.key}"
            with subprocess.Popen(["curl", "-sS", "--fail", "-H", authorization, address], stdout=subprocess.PIPE) as answer:
                lines = int(subprocess.run(["wc", "-l"], stdin=answer.stdout, capture_output=True, text=True, check=True).stdout)
            if answer.returncode != 0:
                raise RuntimeError(f"curl ended with {answer.returncode}")
            ours = self.count / (time.monotonic() - began)
            if lines < self.count:
                raise RuntimeError(f"the export has {lines} lines for {self.count} customers")
            self.report(f"export {kind}", f"{ours:,.0f} rows/s", f"COPY TO {limit:,.0f} rows/s", f"≥ 0.5: {ours / limit:.2f}", ours >= 0.5 * limit)

    def restart(self):
        self.stop()
        seconds = self.start()
        self.report("cold start to /readyz, existing data", f"{seconds:.2f} s", "–", "≤ 3 s", seconds <= 3)
        time.sleep(5)
        idle = self.memory(self.server.pid)
        self.report("idle server, without PostgreSQL", f"{idle:.0f} MB resident", "–", "≤ 60 MB", idle <= 60)

    def files(self):
        """The most memory that the server takes for files of each kind, uploaded and checked by a job, and for an export."""
        header, *lines = (self.data / "bench.csv").read_text().split("\n", 200_001)[:200_001]
        names = header.split(",")
        table = list(csv.reader(lines))
        made = {"csv": "\n".join([header, *lines]).encode(), "xlsx": workbook([names, *table]),
                "json": json.dumps([dict(zip(names, row)) for row in table]).encode(),
                "jsonl": "\n".join(json.dumps(dict(zip(names, row))) for row in table).encode()}
        worst = 0
        for kind, content in made.items():
            self.stop()
            self.start()
            found = self.upload(f"bench.{kind}", content)
            while found["state"] not in ("planned", "failed", "cancelled"):
                if found["state"] == "uploaded":
                    self.post(f"/api/v1/imports/{found['id']}/plan")
                time.sleep(0.5)
                found = self.get(f"/api/v1/imports/{found['id']}")
            if found["state"] != "planned":
                raise RuntimeError(f"bench.{kind}: {found}")
            peak = self.memory(self.server.pid, "VmHWM")
            print(f"     {kind}: {len(content) / 2**20:.0f} MB, 200,000 rows, {peak:.0f} MB", flush=True)
            worst = max(worst, peak)
        self.report("memory of the server while it checks 200,000 rows of CSV, XLSX, JSON and JSON Lines", f"{worst:.0f} MB", "–", "≤ 200 MB", worst <= 200)
        self.stop()
        self.start()
        for kind in ("csv", "jsonl"):
            with open(os.devnull, "wb") as nowhere:
                subprocess.run(["curl", "-sS", "--fail", "-H", f"Authorization: Bearer {self.key}", f"{self.base}/api/v1/customers/export?format={kind}"], stdout=nowhere, check=True)
        peak = self.memory(self.server.pid, "VmHWM")
        self.report(f"memory of the server while it exports {self.count:,} customers", f"{peak:.0f} MB", "–", "≤ 200 MB", peak <= 200)

    def post(self, path, body=b"", kind="application/json"):
        request = urllib.request.Request(self.base + path, data=body, method="POST", headers={"Authorization": f"Bearer {self.key}", "Content-Type": kind})
        return json.load(urllib.request.urlopen(request, timeout=600))

    def put(self, path, content):
        request = urllib.request.Request(self.base + path, data=json.dumps(content).encode(), method="PUT", headers={"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=60))

    def upload(self, name, content):
        return self.post(f"/api/v1/imports?file_name={name}", content, "application/octet-stream")

    def write(self):
        machine = f"{os.cpu_count()} cores, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
        version = self.psql("SHOW server_version")
        about = f"{self.count:,} customers in one organization" + (f", {self.orders:,} orders" if self.options.section == "commerce" else ", 100 organizations of 1,000")
        file = ROOT / "docs" / "performance.md"
        head, *others = re.split(r"(?m)^(?=## )", file.read_text() if file.exists() else "")
        lines = ["# Performance", "", "Written by `make bench`; see `tests/load/bench.py` for what each line does. Load generator, server and PostgreSQL share one machine,",
                 "so the ratio in a line says more than its absolute figures. The limit is the same work sent straight to the same PostgreSQL in the same run", "(pgbench as the serving role; COPY for files): what the server sends, in a transaction that names the organization, without which the serving role sees no row.",
                 "In brackets stands the bare statement without such a transaction, which no server behind the wall could send.", "",
                 "Each section is one run, with data of its own.", ""]
        title = self.options.section.capitalize()
        section = [f"## {title}", "", f"Machine: {machine}. PostgreSQL {version}. {about}. {time.strftime('%Y-%m-%d')}.", "",
                   "| Work | Regulars | Limit | Reach | Holds |", "|---|---|---|---|---|"]
        section += ["| " + " | ".join(row) + " |" for row in self.rows]
        sections = {re.match("## (.*)", other)[1]: other.strip() for other in others}
        sections[title] = "\n".join(section)
        known = [sections[name.capitalize()] for name in SECTIONS if name.capitalize() in sections]
        file.write_text("\n".join(lines) + "\n" + "\n\n".join(known) + "\n")

    def run(self):
        try:
            self.prepare()
            self.fill()
            wanted = self.options.only.split(",") if self.options.only else SECTIONS[self.options.section][1]
            for part in wanted:
                getattr(self, part)()
            if not self.options.only:
                self.write()
        finally:
            self.stop()
            shutil.rmtree(self.scratch, ignore_errors=True)


def main():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--section", choices=SECTIONS, default="customers", help="what is measured")
    parser.add_argument("--data", help="data folder, kept for the next run")
    parser.add_argument("--port", type=int, default=18080)
    parser.add_argument("--customers", type=int)
    parser.add_argument("--seconds", type=int, default=8, help="length of each load")
    parser.add_argument("--only", help="parts of the section, comma separated; nothing is written: " + "; ".join(",".join(parts) for _, parts in SECTIONS.values()))
    options = parser.parse_args()
    options.customers = options.customers or SECTIONS[options.section][0]
    options.data = options.data or os.path.join(cache, "regulars", "bench" if options.section == "customers" else f"bench-{options.section}")
    Bench(options).run()


if __name__ == "__main__":
    main()
