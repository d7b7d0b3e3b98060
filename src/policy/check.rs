//! The type check of expressions: every name is a fact, every operator fits its operands, the whole is a truth value.

use cel::IdedExpr;
use cel::common::ast::operators::{
    ADD, CONDITIONAL, DIVIDE, EQUALS, GREATER, GREATER_EQUALS, IN, INDEX, LESS, LESS_EQUALS, LOGICAL_AND, LOGICAL_NOT,
    LOGICAL_OR, MODULO, MULTIPLY, NEGATE, NOT_EQUALS, NOT_STRICTLY_FALSE, SUBSTRACT,
};
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, SelectExpr};

use super::facts::{FACTS, Trigger, Type};
use crate::event::same_word;

/// Checks an expression for a trigger, and writes the names of form fields in lower case, as the facts have them. Returns
/// what is probably wrong, or all that is.
pub(super) fn check(tree: &mut IdedExpr, on: Trigger) -> Result<Vec<String>, Vec<String>> {
    let mut checker = Checker { on, variables: Vec::new(), doubts: Vec::new(), wrong: Vec::new() };
    let found = checker.type_of(tree);
    if !matches!(found, Type::Bool | Type::Any) {
        checker.wrong.push(format!("the expression is {}, not true or false", found.name()));
    }
    if checker.wrong.is_empty() { Ok(checker.doubts) } else { Err(checker.wrong) }
}

struct Checker {
    on: Trigger,
    /// Variables of the comprehensions around the present place.
    variables: Vec<(String, Type)>,
    doubts: Vec<String>,
    wrong: Vec<String>,
}

impl Checker {
    /// The type of a part. One that is wrong is noted and fits everywhere, so that nothing else is wrong because of it.
    fn type_of(&mut self, tree: &mut IdedExpr) -> Type {
        self.checked(tree).unwrap_or_else(|what| {
            // A name that is wrong twice is told once.
            if !self.wrong.contains(&what) {
                self.wrong.push(what);
            }
            Type::Any
        })
    }

    fn checked(&mut self, tree: &mut IdedExpr) -> Result<Type, String> {
        match &mut tree.expr {
            Expr::Literal(literal) => literal_type(literal),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                for element in &mut list.elements {
                    self.type_of(element);
                }
                Ok(Type::List)
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err("maps and structs cannot be made in a rule".into())
            }
        }
    }

    fn variable(&self, name: &str) -> Result<Type, String> {
        // The innermost one of this name.
        if let Some((_, found)) = self.variables.iter().rev().find(|(variable, _)| variable == name) {
            return Ok(*found);
        }
        if FACTS.iter().any(|(group, ..)| *group == name) {
            return Err(format!("`{name}` alone is no value; ask for one of {}", fields_of(name)));
        }
        Err(format!("there is no `{name}`; there are `session`, `consent` and, on `form-submitted`, `form`"))
    }

    fn select(&mut self, select: &mut SelectExpr) -> Result<Type, String> {
        let found = self.field(select)?;
        Ok(if select.test { Type::Bool } else { found })
    }

    fn field(&mut self, select: &mut SelectExpr) -> Result<Type, String> {
        if let Expr::Ident(group) = &select.operand.expr
            && !self.variables.iter().any(|(variable, _)| variable == group)
            && FACTS.iter().any(|(of, ..)| of == group)
        {
            if !self.on.has(group) {
                return Err(format!("`{group}` exists on `form-submitted` only"));
            }
            let fact = FACTS.iter().find(|(of, name, _)| of == group && *name == select.field);
            return match fact {
                Some((.., found)) => Ok(*found),
                None => Err(format!("`{group}` has no `{}`; it has {}", select.field, fields_of(group))),
            };
        }
        match self.type_of(&mut select.operand) {
            Type::TextMap => {
                select.field = select.field.to_lowercase();
                Ok(Type::Text)
            }
            Type::Any => Ok(Type::Any),
            other => Err(format!("`.{}` cannot be asked of {}", select.field, other.name())),
        }
    }

    fn comprehension(&mut self, comprehension: &mut ComprehensionExpr) -> Result<Type, String> {
        let element = match self.type_of(&mut comprehension.iter_range) {
            Type::TextMap => Type::FieldName,
            Type::List | Type::Any => Type::Any,
            other => return Err(format!("{} has no elements to go through", other.name())),
        };
        let outer = self.variables.len();
        self.variables.push((comprehension.iter_var.clone(), element));
        self.variables.extend(comprehension.iter_var2.clone().map(|name| (name, Type::Any)));
        self.variables.push((comprehension.accu_var.clone(), Type::Any));
        let parts = [
            &mut comprehension.accu_init,
            &mut comprehension.loop_cond,
            &mut comprehension.loop_step,
            &mut comprehension.result,
        ];
        for part in parts {
            self.type_of(part);
        }
        self.variables.truncate(outer);
        Ok(Type::Any)
    }

    fn call(&mut self, call: &mut CallExpr) -> Result<Type, String> {
        let mut operands = Vec::new();
        if let Some(target) = &mut call.target {
            operands.push(self.type_of(target));
        }
        for argument in &mut call.args {
            operands.push(self.type_of(argument));
        }
        // First, so that what is checked below is what is evaluated later.
        name_fields_in_lower_case(call, &operands)?;
        let call = &*call;
        match self.operator(call, &operands)? {
            Some(found) => Ok(found),
            None => function(call, &operands),
        }
    }

    /// The type of an operator's result; `None` where it is none, or not for these operands.
    fn operator(&mut self, call: &CallExpr, operands: &[Type]) -> Result<Option<Type>, String> {
        let operator = call.func_name.as_str();
        let found = match (operator, operands) {
            (LOGICAL_AND | LOGICAL_OR, [a, b]) => both(*a, *b, Type::Bool, operator, Type::Bool)?,
            (LOGICAL_NOT | NOT_STRICTLY_FALSE, [a]) => both(*a, *a, Type::Bool, operator, Type::Bool)?,
            (EQUALS | NOT_EQUALS, [a, b]) => {
                self.comparable(call, *a, *b)?;
                Type::Bool
            }
            (LESS | LESS_EQUALS | GREATER | GREATER_EQUALS, [a, b]) if a.is_text() => {
                both(*a, *b, Type::Text, operator, Type::Bool)?
            }
            (LESS | LESS_EQUALS | GREATER | GREATER_EQUALS, [a, b]) => both(*a, *b, Type::Int, operator, Type::Bool)?,
            (ADD, [a, b]) if a.is_text() => both(*a, *b, Type::Text, operator, Type::Text)?,
            // A filter or map macro grows its list by adding to it.
            (ADD, [Type::List | Type::Any, Type::List | Type::Any]) => Type::Any,
            (ADD | SUBSTRACT | MULTIPLY | DIVIDE | MODULO, [a, b]) => both(*a, *b, Type::Int, operator, Type::Int)?,
            (NEGATE, [a]) => both(*a, *a, Type::Int, operator, Type::Int)?,
            (CONDITIONAL, [condition, a, b]) => {
                both(*condition, *condition, Type::Bool, "?:", Type::Bool)?;
                if !a.fits(*b) {
                    return Err("the two sides of `?:` differ in type".into());
                }
                *a
            }
            (INDEX, [Type::TextMap, key]) if key.fits(Type::Text) => Type::Text,
            (INDEX, [Type::List | Type::Any, _]) => Type::Any,
            (IN, [element, Type::TextMap]) if element.fits(Type::Text) => Type::Bool,
            (IN, [element, Type::List | Type::Any]) => {
                self.words_in(call, *element)?;
                Type::Bool
            }
            _ => return Ok(None),
        };
        Ok(Some(found))
    }

    fn comparable(&mut self, call: &CallExpr, a: Type, b: Type) -> Result<(), String> {
        if !a.fits(b) {
            return Err(format!("{} is compared with {}, so they are never equal", a.name(), b.name()));
        }
        let texts: Vec<_> = call.args.iter().filter_map(literal_text).collect();
        self.words(if matches!(a, Type::Word(_) | Type::Known(_)) { a } else { b }, &texts)
    }

    fn words_in(&mut self, call: &CallExpr, element: Type) -> Result<(), String> {
        let Some(Expr::List(list)) = call.args.last().map(|list| &list.expr) else { return Ok(()) };
        let texts: Vec<_> = list.elements.iter().filter_map(literal_text).collect();
        self.words(element, &texts)
    }

    /// A text that is compared with one of a few words has to be one of them.
    fn words(&mut self, of: Type, texts: &[&str]) -> Result<(), String> {
        let (known, closed) = match of {
            Type::Word(words) => (words, true),
            Type::Known(words) => (words, false),
            _ => return Ok(()),
        };
        // What is not known of a session is the empty text.
        let unknown = texts.iter().filter(|text| !known.contains(text) && (closed || !text.is_empty()));
        for text in unknown {
            let listed = known.join(", ");
            match known.iter().find(|word| same_word(word, text)) {
                Some(word) => return Err(format!("`{text}` is never the case; it is written `{word}`")),
                None if closed => return Err(format!("`{text}` is never the case; it is one of {listed}")),
                None => self
                    .doubts
                    .push(format!("`{text}` is none of the words that are known ({listed}); is it a newer one?")),
            }
        }
        Ok(())
    }
}

impl Type {
    fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Word(_) | Self::Known(_) | Self::FieldName)
    }

    fn fits(self, other: Self) -> bool {
        self == other || self == Self::Any || other == Self::Any || (self.is_text() && other.is_text())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bool => "a truth value",
            Self::Int => "a number",
            Self::Text | Self::Word(_) | Self::Known(_) | Self::FieldName => "a text",
            Self::TextMap => "a map of texts",
            Self::List => "a list",
            Self::Any => "a value",
        }
    }
}

/// The type of a function's result.
fn function(call: &CallExpr, operands: &[Type]) -> Result<Type, String> {
    let name = call.func_name.as_str();
    match (name, operands) {
        ("size", [a]) if a.is_text() || matches!(a, Type::List | Type::TextMap | Type::Any) => Ok(Type::Int),
        ("contains" | "startsWith" | "endsWith", [a, b]) => both(*a, *b, Type::Text, name, Type::Bool),
        ("matches", [a, b]) => {
            regular_expression(call)?;
            both(*a, *b, Type::Text, name, Type::Bool)
        }
        ("int", [a]) if a.is_text() || a.fits(Type::Int) => Ok(Type::Int),
        ("string", [_]) => Ok(Type::Text),
        (_, operands) => {
            let operands: Vec<_> = operands.iter().map(|operand| operand.name()).collect();
            let name = name.trim_matches('@').replace('_', " ");
            Err(format!("`{}` cannot be applied to {}", name.trim(), operands.join(" and ")))
        }
    }
}

/// The result of an operator whose two operands both have to be of the wanted type.
fn both(a: Type, b: Type, wanted: Type, operator: &str, result: Type) -> Result<Type, String> {
    match [a, b].into_iter().find(|operand| !operand.fits(wanted)) {
        None => Ok(result),
        Some(wrong) => {
            let operator = operator.trim_matches('_');
            Err(format!("`{operator}` needs {}, and this is {}", wanted.name(), wrong.name()))
        }
    }
}

fn literal_type(literal: &LiteralValue) -> Result<Type, String> {
    match literal {
        LiteralValue::Boolean(_) => Ok(Type::Bool),
        LiteralValue::Int(_) => Ok(Type::Int),
        LiteralValue::String(_) => Ok(Type::Text),
        LiteralValue::Null => Err("no fact is ever null; what is not known is 0, '' or false".into()),
        LiteralValue::Bytes(_) | LiteralValue::Double(_) | LiteralValue::UInt(_) => {
            Err("only texts, whole numbers, true and false can be written in a rule".into())
        }
    }
}

fn literal_text(tree: &IdedExpr) -> Option<&str> {
    match &tree.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// The facts have the names of form fields in lower case, so what they are compared with is written likewise. A name that
/// is computed could be in any case.
fn name_fields_in_lower_case(call: &mut CallExpr, operands: &[Type]) -> Result<(), String> {
    let name_is = match (call.func_name.as_str(), operands) {
        (INDEX, [Type::TextMap, name]) => Some((1, *name)),
        (IN, [name, Type::TextMap]) => Some((0, *name)),
        _ => None,
    };
    if let Some((place, found)) = name_is {
        let name = &mut call.args[place];
        if literal_text(name).is_none() && found.is_text() && found != Type::FieldName || found == Type::Any {
            return Err("the name of a form's field has to be written out, as in `form.params['agree']`".into());
        }
        lower(name);
    } else if operands.contains(&Type::FieldName) && call.func_name == "matches" {
        if let Some(pattern) = call.args.last_mut() {
            ignore_case(pattern);
        }
    } else if operands.contains(&Type::FieldName) {
        call.target.iter_mut().for_each(|target| lower(target));
        call.args.iter_mut().for_each(lower);
    }
    Ok(())
}

/// A text that is written out, or a list of such, in lower case.
fn lower(tree: &mut IdedExpr) {
    match &mut tree.expr {
        Expr::Literal(LiteralValue::String(text)) => *text = text.inner().to_lowercase().into(),
        Expr::List(list) => list.elements.iter_mut().for_each(lower),
        _ => {}
    }
}

/// A pattern in lower case could mean something else.
fn ignore_case(pattern: &mut IdedExpr) {
    if let Expr::Literal(LiteralValue::String(text)) = &mut pattern.expr {
        *text = format!("(?i){}", text.inner()).into();
    }
}

/// A pattern that is written out is compiled now, not at the first event.
fn regular_expression(call: &CallExpr) -> Result<(), String> {
    let Some(pattern) = call.args.last().and_then(literal_text) else {
        return Err("`matches` needs its pattern written out".into());
    };
    regex::Regex::new(pattern).map(drop).map_err(|_| format!("`{pattern}` is not a regular expression"))
}

fn fields_of(group: &str) -> String {
    let fields = FACTS.iter().filter(|(of, ..)| *of == group).map(|(_, name, _)| format!("`{group}.{name}`"));
    fields.collect::<Vec<_>>().join(", ")
}
