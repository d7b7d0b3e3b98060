//! Czech, of letters.

use crate::admin::pages::words::letters::LettersWords;
use crate::papers::LetterKind;

pub(super) const WORDS: LettersWords = LettersWords {
    in_czech: "česky",
    in_english: "anglicky",
    lead: "Každý dopis se vyplní podle žádosti a jejích dokladů, nikoho nejmenuje a je určen k tisku. Jsou tu jen ty, které by teď byly pravdivé. Otevření dopisu se zapíše do protokolu.",
    none: "Žádný dopis by teď nebyl pravdivý.",
    title: "Dopisy",
    kind,
};

fn kind(one: LetterKind) -> &'static str {
    match one {
        LetterKind::Acknowledgement => "Žádost byla přijata",
        LetterKind::Extension => "Vyřízení potrvá déle",
        LetterKind::Confirmation => "Co bylo vymazáno",
        LetterKind::Refusal => "Žádosti se nevyhovuje",
        LetterKind::PartialRefusal => "Co zůstává a proč",
        LetterKind::Recipients => "Dalším příjemcům údajů",
        LetterKind::NothingHeld => "O osobě se nic nenašlo",
    }
}
