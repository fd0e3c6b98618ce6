"""Makes one of everything through the API and writes schemathesis.toml, so that the fuzzer meets real things.

Usage: fuzz-setup.py URL KEY > schemathesis.toml

Most generated requests would otherwise end at a 404. What deletes or merges things gets spare ones.
"""

import json
import sys
import urllib.request

URL, KEY = sys.argv[1:]
SPARE = 40


def call(method, path, body=None, media_type="application/json"):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": media_type}
    request = urllib.request.Request(f"{URL}/api/v1{path}", data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def make(path, *bodies):
    return [call("POST", path, body)["id"] for body in bodies]


def upload(number):
    file = f"E-Mail,Name\nfuzz{number}@example.com,Bob {number}\nnobody,\n".encode()
    return call("POST", "/imports?file_name=few.csv", file, "text/csv")["id"]


numbers = range(SPARE)
customers = make("/customers", *({"first_name": f"Ada {n}", "email": f"ada{n}@example.org", "tags": ["vip"]} for n in numbers))
customer = customers.pop()
below = f"/customers/{customer}"
values = {
    "customers": customers,
    "addresses": make(f"{below}/addresses", *({"line1": f"Street {n}", "city": "Berlin", "country": "DE"} for n in numbers)),
    "contacts": make(f"{below}/contacts", *({"first_name": "Grace", "email": f"grace{n}@example.org"} for n in numbers)),
    "notes": make(f"{below}/notes", *({"body": f"Note {n}"} for n in numbers)),
    "tags": make("/tags", *({"name": f"spare {n}"} for n in numbers)),
    "attributes": make("/attributes", *({"name": f"spare_{n}", "kind": "text"} for n in numbers)),
    "views": make("/views", *({"name": f"View {n}", "query": {"country": "DE"}} for n in numbers)),
    "users": make("/users", *({"email": f"user{n}@example.org", "name": f"User {n}", "role": "agent"} for n in numbers)),
    "imports": [upload(n) for n in numbers],
    "exports": make("/exports", *({"format": "csv"} for _ in numbers)),
}
for n in numbers:
    call("POST", f"{below}/sources", {"source": "shopify", "external_id": str(n)})
call("PATCH", f"{below}/notes/{values['notes'][-1]}", {"body": "Another word"})
values["external"] = [str(n) for n in numbers]
values["names"] = ["vip", *(f"spare {n}" for n in numbers)]
values["jobs"] = [export["job_id"] for export in call("GET", "/exports?limit=200")["data"] if export["job_id"]]

print("[dictionaries]")
for name, found in values.items():
    print(f"{name} = {{ values = {json.dumps(found)} }}")


def operations(path_regex, parameters):
    print("\n[[operations]]")
    print(f"include-path-regex = {json.dumps(path_regex)}")
    print("parameters = {", ", ".join(f"{json.dumps(name)} = {value}" for name, value in parameters.items()), "}")


def spare(name, probability=0.9):
    return f'{{ dictionary = "{name}", probability = {probability} }}'


API = "^/api/v1"
operations(f"{API}/customers/{{id}}$", {"path.id": spare("customers")})
operations(f"{API}/customers/{{id}}/restore$", {"path.id": spare("customers")})
# One customer that nothing deletes has all the parts.
operations(
    f"{API}/customers/{{id}}/(addresses|contacts|notes|sources|tags|consents|children|activities)",
    {
        "path.id": json.dumps(customer),
        "path.address_id": spare("addresses"),
        "path.contact_id": spare("contacts"),
        "path.note_id": spare("notes"),
        "path.source": json.dumps("shopify"),
        "path.external_id": spare("external"),
        "path.name": spare("names"),
    },
)
operations(f"{API}/customers/by-external-id/", {"path.source": json.dumps("shopify"), "path.external_id": spare("external")})
operations(f"{API}/customers/by-email/", {"path.email": json.dumps("ada0@example.org")})
operations(f"{API}/queues/", {"path.name": json.dumps("default")})
for name in ("tags", "attributes", "views", "users", "imports", "exports", "jobs"):
    operations(f"{API}/{name}/{{id}}", {"path.id": spare(name)})
