//! What stands in a statement's text, before anybody reads it as SQL: quotes, comments and places for values that two
//! readers could read differently, or in which an identifier would be pasted, are refused.

use sqlparser::dialect::{MySqlDialect, PostgreSqlDialect};
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use crate::address::Engine;

/// Ways in which other tools paste values.
const PASTES: [&str; 5] = ["{{", "${", "#{", "%s", "%("];

const WRITE_KINDS: &str = "write `:email` outside of quotes, which binds the value as a parameter";

pub(super) fn check(sql: &str, engine: Engine, kinds: &[String]) -> Result<(), String> {
    if sql.contains('\\') {
        return Err("a backslash: what it means depends on the server's settings, so none is allowed".into());
    }
    if sql.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err("a control character".into());
    }
    if let Some(paste) = PASTES.iter().find(|paste| sql.contains(**paste)) {
        return Err(format!("`{paste}` would paste a value into the text; {WRITE_KINDS}"));
    }
    if sql.contains("/*") {
        return Err(comment());
    }
    let tokens = match engine {
        Engine::Postgres => Tokenizer::new(&PostgreSqlDialect {}, sql).tokenize(),
        Engine::Mysql => Tokenizer::new(&MySqlDialect {}, sql).tokenize(),
    };
    let tokens = tokens.map_err(|_| "a quote that is not closed, or another token that is none")?;
    for (n, token) in tokens.iter().enumerate() {
        one(token, engine, kinds)?;
        if *token == Token::Colon && !matches!(tokens.get(n + 1), Some(Token::Word(word)) if word.quote_style.is_none())
        {
            return Err("a `:` that no kind of identifier follows".into());
        }
    }
    Ok(())
}

fn one(token: &Token, engine: Engine, kinds: &[String]) -> Result<(), String> {
    match token {
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => Err(comment()),
        Token::SemiColon => Err("a `;`: write one statement only, without it".into()),
        Token::SingleQuotedString(text) => within_quotes(text, kinds),
        Token::DoubleQuotedString(_) => Err("text in `\"`: write text in `'`, and names in backticks".into()),
        Token::Word(word) if word.quote_style == Some('"') && engine == Engine::Mysql => {
            Err("text in `\"`: write text in `'`, and names in backticks".into())
        }
        Token::Word(word) if word.quote_style.is_some() => within_quotes(&word.value, kinds),
        Token::Placeholder(_) | Token::Question => {
            Err(format!("a placeholder of another kind, such as `?` or `$1`; {WRITE_KINDS}"))
        }
        Token::AtSign | Token::AtAt => Err("a variable (`@`)".into()),
        Token::Word(word) if word.value.starts_with('@') => Err("a variable (`@`)".into()),
        Token::StringConcat | Token::Overlap if engine == Engine::Mysql => {
            Err("`||` or `&&`, which depend on the server's settings: write OR, AND or concat(…)".into())
        }
        Token::LBrace | Token::RBrace => Err(format!("a brace would paste a value into the text; {WRITE_KINDS}")),
        Token::Char(_) => Err("a character that is no SQL".into()),
        other if is_other_text(other) => Err("text with a prefix, or between dollars; write plain text in `'`".into()),
        _ => Ok(()),
    }
}

fn within_quotes(text: &str, kinds: &[String]) -> Result<(), String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(':') {
        let name: &str = after.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default();
        if kinds.iter().any(|kind| kind == name) {
            return Err(format!("`:{name}` between quotes is text, and no parameter; {WRITE_KINDS}"));
        }
        rest = after;
    }
    let pasted = |kind: &String| text.contains(&format!("{{{kind}}}")) || text.contains(&format!("%{kind}%"));
    match kinds.iter().find(|kind| pasted(kind)) {
        Some(kind) => Err(format!("`{kind}` is to be pasted between quotes; {WRITE_KINDS}")),
        None => Ok(()),
    }
}

fn is_other_text(token: &Token) -> bool {
    matches!(
        token,
        Token::DollarQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::UnicodeStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::HexStringLiteral(_)
            | Token::SingleQuotedByteStringLiteral(_)
            | Token::DoubleQuotedByteStringLiteral(_)
            | Token::SingleQuotedRawStringLiteral(_)
            | Token::DoubleQuotedRawStringLiteral(_)
            | Token::TripleSingleQuotedString(_)
            | Token::TripleDoubleQuotedString(_)
            | Token::QuoteDelimitedStringLiteral(_)
            | Token::NationalQuoteDelimitedStringLiteral(_)
    )
}

fn comment() -> String {
    "a comment: servers execute some; write it beside the statement, after `#`".into()
}
