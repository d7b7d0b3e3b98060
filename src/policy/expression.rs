//! One compiled CEL expression.

use std::fmt;
use std::thread;

use cel::{Context, Env, ExecutionError, IdedExpr, Value};

use super::check::check;
use super::cost::too_costly;
use super::facts::{Facts, Trigger};
use super::problem::RuleFailed;
use super::syntax;

/// The longest expression, in bytes.
const SOURCE_BYTES_MAX: usize = 4096;

/// Brackets within brackets, and choices within choices. The parser calls itself for each, by some hundred kilobytes of its stack where it is
/// not optimized, so it has a stack of its own.
const NESTED_MAX: usize = 32;

/// Room for the parser, and for what is strung together. Only what is used of it is ever there.
const STACK_BYTES: usize = 256 << 20;

/// How deep an expression is nested at most, what stands in texts left out.
fn deepest(source: &str) -> usize {
    let (mut depth, mut deepest, mut choices) = (0_usize, 0, 0);
    let mut quote = None;
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(characters.next()),
            (Some(open), _) if open == character => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            // Each may stand within the one before.
            (None, '?') => choices += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest + choices
}

/// What keeps a text from being an expression: in words, or at least where the parser has given up.
fn syntax_of(source: &str, given_up: Option<(isize, isize)>) -> Vec<String> {
    let wrong = syntax::wrong(source);
    if !wrong.is_empty() {
        return wrong.into_iter().map(|what| format!("not an expression: {what}")).collect();
    }
    vec![match given_up {
        Some((line, column)) if line > 0 => {
            format!(
                "not an expression: what stands at {line}:{column}, or before it, is not understood (https://cel.dev)"
            )
        }
        _ => "not an expression (https://cel.dev)".to_owned(),
    }]
}

/// A CEL expression that yields a truth value over the facts of its trigger.
pub(super) struct Expression {
    source: String,
    tree: IdedExpr,
}

impl Expression {
    /// Parses and type-checks; the errors say all that is wrong, and what is allowed. Beside the expression stands what is
    /// probably wrong with it.
    pub(super) fn compile(source: &str, on: Trigger) -> Result<(Self, Vec<String>), Vec<String>> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(vec![format!("the expression is longer than {SOURCE_BYTES_MAX} bytes")]);
        }
        if deepest(source) > NESTED_MAX {
            return Err(vec![format!("it is nested more than {NESTED_MAX} deep")]);
        }
        let compiling = || Self::compile_here(source, on);
        thread::scope(|scope| {
            let compiled = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, compiling);
            let compiled = compiled.map_err(|error| vec![format!("there is no thread to compile it on: {error}")])?;
            compiled.join().unwrap_or_else(|_| Err(syntax_of(source, None)))
        })
    }

    fn compile_here(source: &str, on: Trigger) -> Result<(Self, Vec<String>), Vec<String>> {
        let parsed = Env::stdlib().parser().parse(source);
        let mut tree = parsed.map_err(|errors| syntax_of(source, errors.errors.first().map(|error| error.pos)))?;
        let doubts = check(&mut tree, on)?;
        if let Some(costly) = too_costly(&tree) {
            return Err(vec![costly]);
        }
        Ok((Self { source: source.to_owned(), tree }, doubts))
    }

    /// As it is written.
    pub(super) fn source(&self) -> &str {
        self.source.trim()
    }

    /// Whether it holds for every conversation.
    pub(super) fn is_always_true(&self) -> bool {
        self.source.trim() == "true"
    }

    /// Whether a word stands in it, be it in a text.
    pub(super) fn mentions(&self, word: &str) -> bool {
        self.source.contains(word)
    }

    /// The expression's parsed form.
    pub(super) fn tree(&self) -> &IdedExpr {
        &self.tree
    }

    /// Whether the expression is true of the facts. Asking for a form's parameter that is not there is no error: the
    /// expression is then not true.
    pub(super) fn applies(&self, rule: &str, facts: &Facts<'_>) -> Result<bool, RuleFailed> {
        let mut context = Context::default();
        facts.bind(&mut context);
        let problem = match Value::resolve(&self.tree, &context) {
            Ok(Value::Bool(truth)) => return Ok(truth),
            Err(ExecutionError::NoSuchKey(_)) => return Ok(false),
            // The error itself holds values, so only its kind is told.
            Ok(_) => "the expression yields something other than true or false",
            Err(ExecutionError::NoSuchOverload(_) | ExecutionError::UnexpectedType { .. }) => {
                "the expression applies an operator or function to a type that it is not made for"
            }
            Err(_) => "the expression cannot be evaluated",
        };
        Err(RuleFailed { rule: rule.to_owned(), problem })
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}
