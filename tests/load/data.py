"""The customers of the benchmarks, and files of them. Every run draws the same."""

import html
import io
import random
import time
import zipfile

FIRST = "Anna Lukas Lena Jonas Mia Felix Laura Paul Sophie Max Olivia George Amelia Harry Jack Noah Emily Allen Robert Camille Louis Hugo Marta Jakub Giulia Sofia Lucia Jose Maria Nils Astrid Emma Liam".split()
LAST = "Smith Jones Taylor Brown Williams Wilson Johnson Davies Mueller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Martin Bernard Dubois Petit Durand Moreau Nowak Kowalski Rossi Russo Garcia Lopez Andersson Lindqvist Smithson Fletcher".split()
CITIES = [("Berlin", "DE", "10115"), ("Hamburg", "DE", "20095"), ("Paris", "FR", "75001"), ("London", "GB", "E1 6AN"), ("Warszawa", "PL", "00001"), ("Milano", "IT", "20121"), ("Austin", "US", "73301"), ("Lyon", "FR", "69001")]
TAGS = ["newsletter", "berlin", "b2b", "wholesale", "sale-only", "press"]
SYLLABLES = "ba be bo da de do fa fi ga ge ha ka ki la le li lo ma me mi mo na ne no pa pe ra re ri ro sa se si so ta te ti to va ve vi wa we za ze".split()


def last_name(draw):
    """Skewed: a third from the common names, the rest from some ten thousand rarer ones."""
    if draw.random() < 0.35:
        return LAST[int(len(LAST) * draw.random() ** 2)]
    return "".join(draw.choice(SYLLABLES) for _ in range(3)).capitalize() + draw.choice(["", "n", "r", "mann", "ski", "sen"])


def write_customers(path, count, prefix):
    """The CSV that is imported: people and some companies, place, tags, their own fields, dates over three years; some have no
    e-mail address, some no phone."""
    draw = random.Random(42)
    start = time.time() - 3 * 365 * 86400
    with open(path, "w", encoding="utf-8") as out:
        out.write("external_id,email,first_name,last_name,phone,city,country,zip,tags,status,created_at,"
                  "kind,company_name,type,lifecycle_stage,priority,birthday,last_active_at,attribute.shoe_size,attribute.club\n")
        for n in range(count):
            first, last = FIRST[int(len(FIRST) * draw.random() ** 1.5)], last_name(draw)
            city, country, code = CITIES[int(len(CITIES) * draw.random() ** 2)]
            tags = '"' + ",".join(sorted({TAGS[int(len(TAGS) * draw.random() ** 2)] for _ in range(draw.randint(0, 2))})) + '"'
            status = "active" if draw.random() < 0.8 else draw.choice(["vip", "prospect", "inactive", "churned"])
            created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + n * 3 * 365 * 86400 / count))
            mailbox = f"{first}.{last}{n}@example.com".lower() if draw.random() > 0.04 else ""
            phone = f"+4915{n:09d}" if draw.random() > 0.25 else ""
            kind, company = ("company", f"{last} {draw.choice(COMPANIES)}") if draw.random() < 0.06 else ("person", "")
            its_type = draw.choices(["registered", "guest", "wholesale", "affiliate"], [80, 14, 5, 1])[0]
            stage = draw.choices(["prospect", "new", "active", "loyal", "at_risk", "lost"], [30, 15, 30, 12, 8, 5])[0]
            priority = draw.choices(["normal", "high", "low", "urgent"], [85, 8, 6, 1])[0]
            birthday = f"{draw.randint(1940, 2007)}-{draw.randint(1, 12):02d}-{draw.randint(1, 28):02d}" if draw.random() < 0.55 else ""
            active = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(start + (n + (count - n) * draw.random()) * 3 * 365 * 86400 / count)) if draw.random() < 0.75 else ""
            shoe, club = str(draw.randint(34, 47)) if draw.random() < 0.4 else "", draw.choice(CLUBS) if draw.random() < 0.1 else ""
            out.write(f"{prefix}-{n},{mailbox},{first},{last},{phone},{city},{country},{code},{tags},{status},{created},"
                      f"{kind},{company},{its_type},{stage},{priority},{birthday},{active},{shoe},{club}\n")
COMPANIES = ["Trading", "Foods", "Design", "Logistics", "Textiles", "Coffee", "Bikes"]
CLUBS = ["gold", "silver", "bronze"]


def workbook(table):
    """The table as XLSX, its texts shared as spreadsheet programs do it."""
    texts, rows = {}, []
    for row in table:
        rows.append("<row>" + "".join(f'<c t="s"><v>{texts.setdefault(cell, len(texts))}</v></c>' for cell in row) + "</row>")
    relation, main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships", "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    package = "http://schemas.openxmlformats.org/package/2006"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{relation}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relation}"><sheets><sheet name="Customers" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type="{relation}/worksheet" Target="worksheets/sheet1.xml"/>'
                                      f'<Relationship Id="r2" Type="{relation}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">' + "".join(f"<si><t>{html.escape(text)}</t></si>" for text in texts) + "</sst>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>' + "".join(rows) + "</sheetData></worksheet>",
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return packed.getvalue()
