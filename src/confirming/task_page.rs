//! The page of a task for who has a link to it: what is to be done, and a form for what became of it. Whom it is about is not shown: whoever
//! gave the link tells them.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use maud::{Markup, html};

use super::layout;
use crate::language::Lang;
use crate::operations::Settings;
use crate::operations::task_links::LinkedTask;
use crate::operations::tasks::Said;
use crate::papers::InWords;

/// What was typed into the form.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) said: Option<Said>,
    pub(super) law: String,
}

/// A field in which something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    Said,
    Law,
    Sure,
}

impl Typed {
    /// What is missing.
    pub(super) fn wrong(&self, is_sure: bool) -> Vec<Wrong> {
        let has_no_law = self.said == Some(Said::Retained) && self.law.trim().is_empty();
        let all = [(self.said.is_none(), Wrong::Said), (has_no_law, Wrong::Law), (!is_sure, Wrong::Sure)];
        all.into_iter().filter_map(|(is_wrong, field)| is_wrong.then_some(field)).collect()
    }
}

impl Wrong {
    /// The id of the field that is to be corrected first.
    fn field(self) -> &'static str {
        match self {
            Self::Said => "said-erased",
            Self::Law => "law",
            Self::Sure => "sure",
        }
    }

    /// The id of what is said about it.
    fn id(self) -> &'static str {
        match self {
            Self::Said => "said-e",
            Self::Law => "law-e",
            Self::Sure => "sure-e",
        }
    }

    fn text(self, lang: Lang) -> String {
        match self {
            Self::Said => lang.say("Vyberte, jak to dopadlo.", "Choose what became of it."),
            Self::Law => lang.say(
                "Uveďte zákon nebo povinnost, jedním řádkem a nejvýše 200 znaky.",
                "Name the law or duty in one line of at most 200 characters.",
            ),
            Self::Sure => lang.say("Zaškrtněte, že to tak je.", "Tick that it is so."),
        }
    }
}

/// What is said of a task, in the words of the form.
fn word(lang: Lang, said: Said) -> String {
    match said {
        Said::Erased => lang.say("Údaje tam byly a jsou vymazané", "The data was there, and is erased"),
        Said::Absent => lang.say("Podle kontroly tam žádné údaje nebyly", "I looked, and there was no data"),
        Said::Retained => lang.say(
            "Údaje zůstávají, protože to vyžaduje zákon nebo jiná povinnost",
            "The data stays, because a law or another duty requires it",
        ),
        Said::Residual => lang.say("Údaje tam stále jsou", "The data is still there"),
    }
}

/// The page of an open task. Where a hold keeps it, whoever has it is to wait, and there is no form.
pub(super) fn asks(
    status: StatusCode,
    settings: &Settings,
    lang: Lang,
    company: &str,
    linked: &LinkedTask,
    typed: &Typed,
    wrong: &[Wrong],
) -> Response<Body> {
    let content = html! {
        (errors(lang, wrong))
        p {
            (lang.say(
                "Odkaz na tuto stránku vám někdo předal, protože máte ručně vymazat údaje jedné osoby. Kdo to je, tu nestojí: \
                 řekne vám to ten, kdo vám odkaz dal.",
                "Somebody gave you the link to this page, because you are to erase the data of one person by hand. Who that is does not \
                 stand here: whoever gave you the link tells you.",
            ))
        }
        (what(settings, lang, linked))
        @if linked.task.held.is_empty() { (form(lang, typed, wrong)) } @else { (wait(lang)) }
    };
    let title = lang.say("Úkol: ruční výmaz", "A task: erase by hand");
    layout::answer(status, lang, company, &title, &content)
}

/// What is to be done, where, and until when.
fn what(settings: &Settings, lang: Lang, linked: &LinkedTask) -> Markup {
    let task = &linked.task;
    let calendar = &settings.limits.calendar;
    let names = InWords { lang, titles: &settings.titles, calendar, installation: &task.mluvii };
    let until = format!("{}\u{a0}{}", lang.moment(calendar.clock(linked.until)), calendar.abbreviation(linked.until));
    html! {
        h2 { (lang.say("Co udělat", "What is to be done")) }
        // As the configuration says it, in whatever language.
        pre { (task.text.trim()) }
        dl {
            dt { (lang.say("Kde", "Where")) } dd { (names.system(&task.target)) }
            dt { (lang.say("Společnost", "Company")) } dd { (task.mluvii) }
            dt { (lang.say("Do kdy", "Until")) } dd { time datetime=(linked.until) { (until) } }
        }
    }
}

fn wait(lang: Lang) -> Markup {
    html! {
        div.wait {
            p {
                strong { (lang.say("Počkejte.", "Wait.")) } " "
                (lang.say(
                    "Výmaz teď drží pozastavení. Dokud trvá, nic nemažte; tahle stránka pak půjde vyplnit. Co je vymazané už teď, \
                     řekněte tomu, kdo vám odkaz dal.",
                    "A hold keeps this erasure for now. Erase nothing while it lasts; this page can be filled in after that. What is erased \
                     already, tell whoever gave you the link.",
                ))
            }
        }
    }
}

fn form(lang: Lang, typed: &Typed, wrong: &[Wrong]) -> Markup {
    let is_wrong = |field: Wrong| wrong.contains(&field).then_some("true");
    let described = |field: Wrong| wrong.contains(&field).then_some(field.id());
    let law_described = format!("law-h {}", described(Wrong::Law).unwrap_or_default());
    html! {
        h2 #done { (lang.say("Jak to dopadlo?", "What became of it?")) }
        p.note {
            (lang.say(
                "Doklad o výmazu to uvede jako slovo toho, kdo měl tento odkaz. Odpovědět lze jednou.",
                "The receipt of the erasure has it as the word of whoever had this link. It can be answered once.",
            ))
        }
        form method="post" autocomplete="off" {
            fieldset aria-labelledby="done" aria-describedby=[described(Wrong::Said)] {
                (error(lang, Wrong::Said, wrong))
                @for said in Said::ALL {
                    @let id = format!("said-{}", said.as_str());
                    div.choice {
                        input type="radio" id=(id) name="said" value=(said.as_str()) required
                            aria-invalid=[is_wrong(Wrong::Said)] checked[typed.said == Some(said)];
                        label for=(id) { (word(lang, said)) }
                    }
                }
            }
            div.field {
                label for="law" { (lang.say("Podle jakého zákona nebo povinnosti zůstávají", "By which law or duty it stays")) }
                p.note #law-h {
                    (lang.say(
                        "Jen pokud zůstávají, například 563/1991 Sb., § 31. Bude to na dokladu, proto nic o osobě.",
                        "Only where it stays, such as 563/1991 Sb., § 31. It stands on the receipt, so write nothing of the person.",
                    ))
                }
                (error(lang, Wrong::Law, wrong))
                input #law name="law" value=(typed.law) maxlength="200"
                    aria-invalid=[is_wrong(Wrong::Law)] aria-describedby=(law_described.trim_end());
            }
            (error(lang, Wrong::Sure, wrong))
            div.choice {
                input #sure type="checkbox" name="sure" value="yes" required
                    aria-invalid=[is_wrong(Wrong::Sure)] aria-describedby=[described(Wrong::Sure)];
                label for="sure" { (lang.say("Je to tak a vím, že to bude na dokladu", "It is so, and I know that it stands on the receipt")) }
            }
            button type="submit" { (lang.say("Odeslat odpověď", "Send the answer")) }
        }
    }
}

/// What is wrong with a field, at the field.
fn error(lang: Lang, field: Wrong, wrong: &[Wrong]) -> Markup {
    html! { @if wrong.contains(&field) { p.error id=(field.id()) { (field.text(lang)) } } }
}

/// What is wrong with all of them, each with the way to it.
fn errors(lang: Lang, wrong: &[Wrong]) -> Markup {
    html! {
        @if !wrong.is_empty() {
            div.wrong role="alert" {
                p { strong { (lang.say("Zatím není nic zapsané", "Nothing is written down yet")) } }
                ul { @for field in wrong { li { a href={ "#" (field.field()) } { (field.text(lang)) } } } }
            }
        }
    }
}

/// That an answer is written down.
pub(super) fn answered(lang: Lang, company: &str) -> Response<Body> {
    let text = lang.say(
        "Děkujeme. Stránku můžete zavřít, odkaz už neplatí.",
        "Thank you. You can close this page; the link is not valid any more.",
    );
    let title = lang.say("Odpověď je zapsaná", "Your answer is written down");
    layout::answer(StatusCode::OK, lang, company, &title, &html! { p { (text) } })
}

/// The same for whatever is no link, or is none any more.
pub(super) fn not_valid(lang: Lang, company: &str) -> Response<Body> {
    let text = lang.say(
        "Jeho platnost mohla skončit, na úkol už mohl někdo odpovědět, nemusí už být potřeba, nebo se odkaz nezkopíroval celý. Obraťte se \
         na toho, kdo vám ho dal.",
        "It may have expired, the task may have been answered or be needed no more, or the link may not have been copied as a whole. Ask \
         whoever gave it to you.",
    );
    let title = lang.say("Odkaz neplatí", "The link is not valid");
    layout::answer(StatusCode::NOT_FOUND, lang, company, &title, &html! { p { (text) } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said_at_its_field() {
        let typed = |said, law: &str| Typed { said, law: law.to_owned() };
        assert_eq!(typed(None, "").wrong(false), [Wrong::Said, Wrong::Sure]);
        assert_eq!(typed(Some(Said::Retained), " ").wrong(true), [Wrong::Law]);
        assert!(typed(Some(Said::Retained), "§ 31").wrong(true).is_empty());
        assert!(typed(Some(Said::Erased), "").wrong(true).is_empty());
        for lang in Lang::ALL {
            for wrong in [Wrong::Said, Wrong::Law, Wrong::Sure] {
                let shown = form(lang, &typed(None, "<b>\"x\""), &[wrong]).into_string();
                let id = wrong.id();
                for needed in [format!("id=\"{id}\""), format!("id=\"{}\"", wrong.field())] {
                    assert_eq!(shown.matches(&needed).count(), 1, "{needed}: {shown}");
                }
                assert!(shown.contains("aria-invalid=\"true\"") && shown.contains(id), "{shown}");
                assert!(shown.contains("&lt;b&gt;&quot;x") && !shown.contains("<b>"), "{shown}");
            }
        }
    }
}
