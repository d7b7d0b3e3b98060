//! One compiled CEL expression.

use std::fmt;
use std::thread;

use cel::{Context, Env, ExecutionError, IdedExpr, Value};

use super::check::check;
use super::facts::{Facts, Trigger};
use super::problem::RuleFailed;

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

/// A CEL expression that yields a truth value over the facts of its trigger.
pub(super) struct Expression {
    source: String,
    tree: IdedExpr,
}

impl Expression {
    /// Parses and type-checks; the error says what is wrong and what is allowed. Beside the expression stands what is
    /// probably wrong with it.
    pub(super) fn compile(source: &str, on: Trigger) -> Result<(Self, Vec<String>), String> {
        if source.len() > SOURCE_BYTES_MAX {
            return Err(format!("the expression is longer than {SOURCE_BYTES_MAX} bytes"));
        }
        if deepest(source) > NESTED_MAX {
            return Err(format!("it is nested more than {NESTED_MAX} deep"));
        }
        let compiling = || Self::compile_here(source, on);
        thread::scope(|scope| {
            let compiled = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, compiling);
            let compiled = compiled.map_err(|error| format!("there is no thread to compile it on: {error}"))?;
            compiled.join().unwrap_or_else(|_| Err("this is not a CEL expression".to_owned()))
        })
    }

    fn compile_here(source: &str, on: Trigger) -> Result<(Self, Vec<String>), String> {
        let mut tree = Env::stdlib().parser().parse(source).map_err(|errors| {
            let first = errors.errors.first();
            first.map_or_else(
                || "this is not a CEL expression".to_owned(),
                |error| format!("not a CEL expression at {}:{}: {}", error.pos.0, error.pos.1, error.msg),
            )
        })?;
        let doubts = check(&mut tree, on)?;
        Ok((Self { source: source.to_owned(), tree }, doubts))
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
