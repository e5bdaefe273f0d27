"""croissant.json of an export: Croissant 1.1 with the properties of its Responsible AI vocabulary 1.0.

Sources: Croissant Format Specification 1.1 (MLCommons, 2026-01-29) and Croissant RAI Specification 1.0. Shards are
listed with their SHA-256. The record set `items` reads the shards, `figures` holds what all documents of the release
state, as records, so that no figure stands in prose alone.
"""

from collections.abc import Sequence
from typing import Any, Final

from corpus.card import TAGS
from corpus.export import SHARD_SCHEMA, WITHDRAWN_FILE
from corpus.manifest import File
from corpus.release import NO_RECORD, ReleaseFacts, figures, recall_in_words

CROISSANT: Final = "http://mlcommons.org/croissant/1.1"
RAI: Final = "http://mlcommons.org/croissant/RAI/1.0"
PARQUET: Final = "application/x-parquet"
FIGURES: Final = "figures"
ITEMS: Final = "items"
_SHARDS: Final = "shards"

_TERMS: Final = (
    "annotation", "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "excludes", "extract",
    "field", "fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath",
    "key", "md5", "parentField", "path", "readLines", "recordSet", "references", "regex", "repeated", "replace",
    "samplingRate", "sdVersion", "separator", "source", "subField", "transform", "unArchive", "value",
)  # fmt: skip
CONTEXT: Final[dict[str, Any]] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}

_COLUMNS: Final[dict[str, tuple[str, str]]] = {
    "row": ("sc:Text", "The commitment: HMAC-SHA-256 of the kept bytes under the item's salt."),
    "text": ("sc:Text", "The redacted text, only where it may be published; else empty."),
    "tier": ("sc:Text", "public, training-only or federated."),
    "purposes": ("sc:Text", "What the contributor allowed and the gate admitted."),
    "language": ("sc:Text", "Primary language subtag."),
    "domain": ("sc:Text", "What the contributor declared the text to be."),
    "weight": ("sc:Integer", "How often the item is used, relative to its cohort's mean of 1,000,000."),
    "licence": ("sc:Text", "The licence of this item, an SPDX identifier."),
    "cohort": ("sc:Integer", "The cohort within which duplicates and weights were computed; empty when federated."),
}


def croissant_content(facts: ReleaseFacts, files: Sequence[File]) -> dict[str, Any]:
    """The content of croissant.json; ``files`` are the shards and the list of withdrawn rows."""
    card = facts.card
    organisation = {"@type": "sc:Organization", "name": card.controller}
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [CROISSANT, RAI],
        "name": card.name,
        "description": (
            f"Texts that people gave to {card.commons} with signed consent, as one immutable dataset version. "
            f"The record set `{FIGURES}` holds its figures."
        ),
        "url": f"urn:p2plecs:dataset-version:{card.version}",
        "identifier": card.version,
        "version": f"1.0.0+{card.version}",
        "datePublished": facts.published_at,
        "citeAs": _citation(facts),
        "creator": organisation,
        "publisher": organisation,
        "inLanguage": sorted(card.languages),
        "keywords": list(TAGS),
        "license": _licences(facts),
        "isLiveDataset": False,
        "usageInfo": (
            "Each item names in its column `purposes` what its contributor allowed, and in `licence` its licence. "
            "Rows in withdrawn.jsonl must not be used any more."
        ),
        **_responsible(facts),
        "prov:wasAttributedTo": {"@type": "prov:Agent", "prov:label": card.commons},
        "prov:wasGeneratedBy": {
            "@type": "prov:Activity",
            "prov:label": "; ".join(f"{name} {facts.steps[name]}" for name in sorted(facts.steps)),
            "prov:endedAtTime": facts.published_at,
        },
        "distribution": _distribution(files),
        "recordSet": [_items(files), _figures(facts)],
    }


def _citation(facts: ReleaseFacts) -> str:
    """BibTeX; braces in names would end a field."""
    title, author = (name.replace("{", "(").replace("}", ")") for name in (facts.card.name, facts.card.controller))
    return (
        f"@misc{{lecs-{facts.card.version[:12]}, title={{{title}}}, author={{{{{author}}}}}, "
        f"year={{{facts.published_at[:4]}}}, note={{version {facts.card.version}}}}}"
    )


def _licences(facts: ReleaseFacts) -> list[str]:
    """The page of each licence on the SPDX list; expressions and licences of the commons' own by their names."""
    named = sorted(name for name in facts.licences if name != NO_RECORD)
    return [f"https://spdx.org/licenses/{name}" if _is_listed(name) else name for name in named] or ["README.md"]


def _is_listed(licence: str) -> bool:
    return not licence.startswith("LicenseRef-") and not set(licence) & set(" ()")


def _responsible(facts: ReleaseFacts) -> dict[str, Any]:
    """The properties of the RAI vocabulary, in words that hold for every release."""
    card = facts.card
    return {
        "rai:dataCollection": (
            "Contributors gave texts and declared their rights in them. Each text was redacted and "
            "then signed for in a consent record; a gate checked every record when this version was built."
        ),
        "rai:dataCollectionType": ["User-generated content data", "Manual Human Curator"],
        "rai:dataCollectionRawData": (
            "Texts from contributors. No crawler was used. Whether a text was written with the help of a model is not "
            "recorded."
        ),
        "rai:dataCollectionTimeframe": [time for time in (facts.first_given, facts.last_given) if time],
        "rai:dataCollectionMissingData": (
            "Texts that may not be published appear as commitments without text. Texts that the gate refused, and "
            "those taken back before this version was built, are not in it."
        ),
        "rai:dataPreprocessingProtocol": [
            f"Redaction by {card.redactor} before signing; only the redacted text is kept. "
            f"Recall of redaction: {recall_in_words(facts)}.",
            "Near-duplicates are dropped within each cohort.",
        ],
        "rai:dataManipulationProtocol": (
            f"Weights follow from recipe {card.recipe_digest} within each cohort; texts are not changed by them."
        ),
        "rai:dataImputationProtocol": "None: nothing is filled in.",
        "rai:dataAnnotationProtocol": ["Language, domain and quality are what contributors declared."],
        "rai:annotationsPerItem": "Declared once, by the contributor.",
        "rai:machineAnnotationTools": [card.redactor],
        "rai:personalSensitiveInformation": [
            "Contributors declared whether a text holds sensitive matter, minors or students; the policy of the "
            "commons decides on those. Names and places that the redactor missed may remain.",
        ],
        "rai:dataBiases": [
            "The texts are of those who chose to give them; they represent nobody else. The figures show how "
            "languages and domains are spread."
        ],
        "rai:dataLimitations": [
            "Language, domain and quality are declared, not checked.",
            "That a text was used for training only does not make it impossible to infer it from a model.",
            "Redaction lowers the chance that a person can be recognised; it does not rule it out.",
        ],
        "rai:dataUseCases": [
            "Training and evaluating language models, item by item as the column `purposes` allows; retrieval and "
            "publication only where it says so."
        ],
        "rai:dataSocialImpact": (
            "Contributors keep a say: each can withdraw, and the next version goes without their text. Copies already "
            "downloaded, and models that others trained, cannot be recalled."
        ),
        "rai:dataReleaseMaintenancePlan": (
            f"Versions are immutable; a changed consent leads to a new version. {WITHDRAWN_FILE} lists what was taken "
            f"back since. Kept by {card.controller}, {card.contact}."
        ),
    }


def _distribution(files: Sequence[File]) -> list[dict[str, Any]]:
    """Every file with its hash; several shards also as one set."""
    found: list[dict[str, Any]] = [
        {
            "@type": "cr:FileObject",
            "@id": file.path,
            "name": file.path,
            "contentUrl": file.path,
            "contentSize": f"{file.bytes} B",
            "encodingFormat": PARQUET if file.path.endswith(".parquet") else "application/jsonlines",
            "sha256": file.sha256,
        }
        for file in sorted(files, key=lambda file: file.path)
    ]
    if len(_shard_paths(files)) != 1:
        shards = {"@type": "cr:FileSet", "@id": _SHARDS, "name": _SHARDS, "encodingFormat": PARQUET}
        found.append({**shards, "includes": "data/train-*.parquet"})
    return found


def _shard_paths(files: Sequence[File]) -> list[str]:
    return [file.path for file in files if file.path.endswith(".parquet")]


def _items(files: Sequence[File]) -> dict[str, Any]:
    paths = _shard_paths(files)
    place = {"fileObject": {"@id": paths[0]}} if len(paths) == 1 else {"fileSet": {"@id": _SHARDS}}
    fields = []
    for name in SHARD_SCHEMA.names():
        kind, description = _COLUMNS[name]
        field = {
            "@type": "cr:Field",
            "@id": f"{ITEMS}/{name}",
            "name": name,
            "description": description,
            "dataType": kind,
            "source": {**place, "extract": {"column": name}},
        }
        fields.append(field | ({"isArray": True, "arrayShape": "-1"} if name == "purposes" else {}))
    return {
        "@type": "cr:RecordSet",
        "@id": ITEMS,
        "name": ITEMS,
        "description": "One record per listed item.",
        "key": {"@id": f"{ITEMS}/row"},
        "field": fields,
    }


def _figures(facts: ReleaseFacts) -> dict[str, Any]:
    columns = {
        "group": "What is counted; `Figure` for one that stands alone.",
        "name": "The value that is counted, or the figure's name.",
        "value": "How many items, or the figure itself.",
    }
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{FIGURES}/{name}",
            "name": name,
            "description": description,
            "dataType": "sc:Text",
        }
        for name, description in columns.items()
    ]
    data = [
        {f"{FIGURES}/group": group, f"{FIGURES}/name": name, f"{FIGURES}/value": value}
        for (group, name), value in sorted(figures(facts).items())
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": FIGURES,
        "name": FIGURES,
        "description": "What README.md, datasheet.md and ai-act-summary.md state as well.",
        "field": fields,
        "data": data,
    }
