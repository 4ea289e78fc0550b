"""A shelf of one small model with two studies of known truth, for the tests of fits: runs take milliseconds."""

from __future__ import annotations

from pathlib import Path

BODY = """
format = 1
kind = "body"
about = "toy"
species = "toy"
routes = { iv = "plasma" }
[parameters]
V = { value = "2 mL", status = "assumed", range = ["0.5 mL", "8 mL"] }
[sites]
plasma = { role = "blood", volume = "V" }
"""
BLOCK = """
format = 1
kind = "disposition"
about = "one compartment"
[parameters]
k = { value = "0.2 1/h", status = "assumed", range = ["0.02 1/h", "2 1/h"] }
idle = { value = "1", status = "literature", source = "none" }
[flows]
leave = "plasma.free -> out : k * idle * plasma.free"
"""
DRUG = """
format = 1
kind = "drug"
about = "toy"
molar_mass = { value = "500 g/mol", status = "literature", source = "none", spread = "0.1 %" }
[use]
disposition = "toy_out"
"""
CARRIER = """
format = 1
kind = "carrier"
about = "none"
"""
MODEL = """
format = 1
kind = "model"
about = "toy"
body = "toy_body"
drug = "toy_drug"
carrier = "toy_none"
[observables]
level = { formula = "conc(plasma.free)", unit = "nmol/mL", error = "log-normal" }
twin = { formula = "2 * conc(plasma.free)", unit = "nmol/mL", error = "log-normal" }
"""
STUDY = """
format = 1
kind = "study"
about = "toy"
verified = false
read = "made for a test"
[citation]
text = "Nobody. Made up, 2024"
[system]
species = "toy"
body = "toy_body"
[arms.one]
carrier = "toy_none"
drug = "toy_drug"
dose = "10 nmol"
metric = "drug"
route = "iv"
about = "toy"
"""
# V = 2.5 mL and k = 0.4 1/h: levels 4 exp(-0.4 t), area 10, half-life 1.7329 h
CSV = """arm,what,against,time_h,from_h,to_h,phase,value,unit,spread,spread_kind,n,limit,use,note
one,level,,1,,,,2.68128,nmol/mL,5,cv,,,,
one,level,,4,,,,0.807586,nmol/mL,5,cv,,,,
one,auc(level),,,,,,10,nmol*h/mL,,none,,,,
one,half_life(level),,,,,1,1.7329,h,,none,,,,
one,cmax(twin),,,,,,8,nmol/mL,5,cv,,,,
"""
RECIPE = """
format = 1
kind = "fit"
about = "toy"
[models.toy]
model = "toy"
[arms]
"toy_study/one" = { model = "toy", horizon = "24 h" }
[readings]
"toy_study/one half_life(level) 1" = { window = ["1 h", "6 h"], why = "the only phase" }
[spreads]
toy_study = { cv = "5 %", why = "a test" }
[literature]
cv = "1 %"
why = "a test"
[method]
starts = 3
seed = 3
"""


def shelf(folder: Path, recipe: str = RECIPE, csv: str = CSV) -> Path:
    """Write the shelf and return the folder of its fit."""
    texts = {
        "models/bodies/toy_body.toml": BODY,
        "models/blocks/disposition/toy_out.toml": BLOCK,
        "models/drugs/toy_drug.toml": DRUG,
        "models/carriers/toy_none.toml": CARRIER,
        "models/toy.toml": MODEL,
        "fits/studies/toy_study/study.toml": STUDY,
        "fits/studies/toy_study/levels.csv": csv,
        "fits/toy_fit/fit.toml": recipe,
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "fits" / "toy_fit"
