//! Czech: many requests from a spreadsheet.

use crate::admin::pages::words::Forms;
use crate::admin::pages::words::import::Import;

pub(in crate::admin::pages::words) const WORDS: Import = Import {
    bad_cell: "Chyba ve sloupci {column}",
    bad_length: "Počet sloupců: {is}, v prvním řádku: {should}",
    bad_text: "Není to čitelný text",
    by_column: "Jak říká sloupec came",
    by_line: "Jak dopadl každý řádek",
    came_hint: "Kde to neříká sám řádek",
    came_not_said: "Vyberte, jak žádosti přišly, nebo přidejte sloupec came.",
    column_internal: "Sloupec {column} obsahuje čísla, která přiděluje mluvii. Nikoho nejmenují, sloupec vynechte.",
    column_unknown: "Sloupec {column} nemá známý název. Názvy jsou uvedeny níže.",
    columns_lead: "První řádek pojmenovává sloupce. Aspoň jeden říká, koho se žádost týká: name, email, phone, nebo jiný druh z konfigurace. Další jsou number, came (letter, email, phone, in-person, form), received (například 2026-11-03), verified (document, known-contact), mluvii (společnost) a targets. Oddělují je čárky, středníky nebo tabulátory.",
    columns_title: "Jaké sloupce mohou být",
    columns_unreadable: "První řádek nepojmenovává sloupce.",
    do_import: "Zapsat tyto žádosti",
    entered_as: "Zapsáno:",
    further: "Zapsat další",
    give_again: "Později vložte tytéž řádky znovu: co už je zapsáno, se pozná.",
    lead: "Zkopírujte řádky z tabulky, v prvním ať jsou názvy sloupců. Z každého řádku bude jedna žádost.",
    line: "Řádek",
    line_unreadable: "Řádek {line} nejde přečíst. Možná v něm chybí uvozovka.",
    lines: "Řádky",
    lines_are_gone: "Řádky se nikam neukládají, pole je proto zase prázdné. Nic se nezapsalo.",
    names_nobody: "Řádky se počítají jako v tabulce; co v nich stálo, se nikam neukládá",
    no_lines: "Vložte řádky, v prvním ať jsou názvy sloupců.",
    nobody_named: "Žádný sloupec neříká, koho se žádost týká. Přidejte například name, email nebo phone.",
    number_taken: "Toto číslo už má jiná žádost, otevřená nebo ukončená: nikdo se nezapsal. Dejte řádku jiné číslo",
    one_of: "Napište jedno z těchto slov: {words}.",
    results_lead: "Když vložíte tytéž řádky znovu, nikdo se nezapíše podruhé, dokud je jeho žádost otevřená.",
    title: "Více žádostí najednou",
    was_there: "Už existuje:",
    entered: Forms { one: "Zapsána {n} žádost", few: "Zapsány {n} žádosti", other: "Zapsáno {n} žádostí" },
    lines_hint: Forms { one: "Najednou nejvýše {n}", few: "Najednou nejvýše {n}", other: "Najednou nejvýše {n}" },
    refused: Forms {
        one: "{n} řádek se nezapsal.", few: "{n} řádky se nezapsaly.", other: "{n} řádků se nezapsalo."
    },
    stopped: Forms {
        one: "{n} řádek už se nezpracoval",
        few: "{n} řádky už se nezpracovaly",
        other: "{n} řádků už se nezpracovalo",
    },
    there: Forms {
        one: "{n} řádek patří k žádosti, která už existovala.",
        few: "{n} řádky patří k žádostem, které už existovaly.",
        other: "{n} řádků patří k žádostem, které už existovaly.",
    },
    too_many: Forms {
        one: "Řádků je víc než {n}. Vložte jich najednou méně.",
        few: "Řádků je víc než {n}. Vložte jich najednou méně.",
        other: "Řádků je víc než {n}. Vložte jich najednou méně.",
    },
};
