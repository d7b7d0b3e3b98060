//! Czech: what stands on a page where there is nothing yet, and of the reader's time zone.

use crate::admin::pages::words::places::Places;

pub(in crate::admin::pages::words) const WORDS: Places = Places {
    audit_none: "Kdo zde, na příkazové řádce nebo přes API k něčemu dá pokyn, je tu uveden i s tím, co to bylo.",
    default_zone: "Když pole zůstane prázdné, platí pásmo této instalace, {zone}. Lhůty jsou dny v tomto pásmu, ať vyberete cokoli.",
    no_erasures: "Výmaz začne, když si ho pravidlo vyžádá u konverzace, o které dá mluvii vědět, nebo když někdo spustí plán žádosti.",
    no_holds: "Pozastavení prozatím chrání něco před výmazem, například kvůli sporu. Zavádí ho pověřenec.",
    no_receipts: "Doklad vznikne, jakmile výmaz skončí. Dokládá, co bylo vymazáno a co ne.",
    no_requests: "Žádosti osob, například z dopisu, zapisujte hned, jak přijdou: od toho dne běží měsíc.",
    no_tasks: "Úkol vznikne tam, kde musí mazat člověk, například v papírech. Které systémy to jsou, stojí v konfiguraci.",
    reader_zone: "Časové pásmo",
    reader_zone_hint: "Například Europe/Prague",
    reader_zone_lead: "V jakém pásmu se v tomto prohlížeči zobrazují časy. Instalace je v pásmu {zone}.",
    set_zone: "Zobrazovat časy takto",
    zone_unknown: "Zadejte pásmo jménem, například Europe/Prague nebo America/New_York.",
};
