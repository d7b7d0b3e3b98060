//! The type check of expressions: every name is a fact, every operator fits its operands, the whole is a truth value.

use cel::IdedExpr;
use cel::common::ast::operators::{
    ADD, CONDITIONAL, DIVIDE, EQUALS, GREATER, GREATER_EQUALS, IN, INDEX, LESS, LESS_EQUALS, LOGICAL_AND, LOGICAL_NOT,
    LOGICAL_OR, MODULO, MULTIPLY, NEGATE, NOT_EQUALS, NOT_STRICTLY_FALSE, SUBSTRACT,
};
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, SelectExpr};

use super::Moment;
use super::facts::{FACTS, Type};

/// Checks an expression for a moment.
pub(super) fn check(tree: &IdedExpr, on: Moment) -> Result<(), String> {
    let mut scope = Scope { on, variables: Vec::new() };
    match scope.type_of(tree)? {
        Type::Bool | Type::Any => Ok(()),
        other => Err(format!("the expression is {}, not true or false", other.name())),
    }
}

struct Scope {
    on: Moment,
    /// Variables of the comprehensions around the present place.
    variables: Vec<String>,
}

impl Scope {
    fn type_of(&mut self, tree: &IdedExpr) -> Result<Type, String> {
        match &tree.expr {
            Expr::Literal(literal) => literal_type(literal),
            Expr::Ident(name) => self.variable(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                list.elements.iter().try_for_each(|element| self.type_of(element).map(drop))?;
                Ok(Type::List)
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {
                Err("maps and structs cannot be made in a rule".into())
            }
        }
    }

    fn variable(&self, name: &str) -> Result<Type, String> {
        if self.variables.iter().any(|variable| variable == name) {
            return Ok(Type::Any);
        }
        if FACTS.iter().any(|(group, ..)| *group == name) {
            return Err(format!("`{name}` alone is no value; ask for one of {}", fields_of(name)));
        }
        Err(format!("there is no `{name}`; there are `session`, `consent` and, on `form-submitted`, `form`"))
    }

    fn select(&mut self, select: &SelectExpr) -> Result<Type, String> {
        let found = self.field(select)?;
        Ok(if select.test { Type::Bool } else { found })
    }

    fn field(&mut self, select: &SelectExpr) -> Result<Type, String> {
        if let Expr::Ident(group) = &select.operand.expr
            && !self.variables.contains(group)
            && FACTS.iter().any(|(of, ..)| of == group)
        {
            if !self.on.has(group) {
                return Err(format!("`{group}` exists on `form-submitted` only"));
            }
            let fact = FACTS.iter().find(|(of, name, _)| of == group && *name == select.field);
            let missing = || format!("`{group}` has no `{}`; it has {}", select.field, fields_of(group));
            return fact.map(|(.., found)| *found).ok_or_else(missing);
        }
        match self.type_of(&select.operand)? {
            Type::TextMap => Ok(Type::Text),
            Type::Any => Ok(Type::Any),
            other => Err(format!("`.{}` cannot be asked of {}", select.field, other.name())),
        }
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Result<Type, String> {
        match self.type_of(&comprehension.iter_range)? {
            Type::List | Type::TextMap | Type::Any => {}
            other => return Err(format!("{} has no elements to go through", other.name())),
        }
        let outer = self.variables.len();
        self.variables.push(comprehension.iter_var.clone());
        self.variables.extend(comprehension.iter_var2.clone());
        self.variables.push(comprehension.accu_var.clone());
        let parts =
            [&comprehension.accu_init, &comprehension.loop_cond, &comprehension.loop_step, &comprehension.result];
        let checked = parts.iter().try_for_each(|part| self.type_of(part).map(drop));
        self.variables.truncate(outer);
        checked.map(|()| Type::Any)
    }

    fn call(&mut self, call: &CallExpr) -> Result<Type, String> {
        let mut operands = Vec::new();
        if let Some(target) = &call.target {
            operands.push(self.type_of(target)?);
        }
        for argument in &call.args {
            operands.push(self.type_of(argument)?);
        }
        let operator = call.func_name.as_str();
        match (operator, operands.as_slice()) {
            (LOGICAL_AND | LOGICAL_OR, [a, b]) => both(*a, *b, Type::Bool, operator, Type::Bool),
            (LOGICAL_NOT | NOT_STRICTLY_FALSE, [a]) => both(*a, *a, Type::Bool, operator, Type::Bool),
            (EQUALS | NOT_EQUALS, [a, b]) => {
                self.comparable(call, *a, *b)?;
                Ok(Type::Bool)
            }
            (LESS | LESS_EQUALS | GREATER | GREATER_EQUALS, [a, b]) if a.is_text() => {
                both(*a, *b, Type::Text, operator, Type::Bool)
            }
            (LESS | LESS_EQUALS | GREATER | GREATER_EQUALS, [a, b]) => both(*a, *b, Type::Int, operator, Type::Bool),
            (ADD, [a, b]) if a.is_text() => both(*a, *b, Type::Text, operator, Type::Text),
            // A filter or map macro grows its list by adding to it.
            (ADD, [Type::List | Type::Any, Type::List | Type::Any]) => Ok(Type::Any),
            (ADD | SUBSTRACT | MULTIPLY | DIVIDE | MODULO, [a, b]) => both(*a, *b, Type::Int, operator, Type::Int),
            (NEGATE, [a]) => both(*a, *a, Type::Int, operator, Type::Int),
            (CONDITIONAL, [condition, a, b]) => {
                both(*condition, *condition, Type::Bool, "?:", Type::Bool)?;
                if a.fits(*b) { Ok(*a) } else { Err("the two sides of `?:` differ in type".into()) }
            }
            (INDEX, [Type::TextMap, key]) if key.fits(Type::Text) => Ok(Type::Text),
            (INDEX, [Type::List | Type::Any, _]) => Ok(Type::Any),
            (IN, [element, Type::TextMap]) if element.fits(Type::Text) => Ok(Type::Bool),
            (IN, [element, Type::List | Type::Any]) => {
                self.words_in(call, *element)?;
                Ok(Type::Bool)
            }
            ("size", [a]) if a.is_text() || matches!(a, Type::List | Type::TextMap | Type::Any) => Ok(Type::Int),
            ("contains" | "startsWith" | "endsWith", [a, b]) => both(*a, *b, Type::Text, operator, Type::Bool),
            ("matches", [a, b]) => {
                regular_expression(call)?;
                both(*a, *b, Type::Text, operator, Type::Bool)
            }
            ("int", [a]) if a.is_text() || a.fits(Type::Int) => Ok(Type::Int),
            ("string", [_]) => Ok(Type::Text),
            (_, operands) => {
                let operands: Vec<_> = operands.iter().map(|operand| operand.name()).collect();
                let name = operator.trim_matches('@').replace('_', " ");
                Err(format!("`{}` cannot be applied to {}", name.trim(), operands.join(" and ")))
            }
        }
    }

    fn comparable(&self, call: &CallExpr, a: Type, b: Type) -> Result<(), String> {
        if !a.fits(b) {
            return Err(format!("{} is compared with {}, so they are never equal", a.name(), b.name()));
        }
        let texts: Vec<_> = call.args.iter().filter_map(literal_text).collect();
        words(if matches!(a, Type::Word(_)) { a } else { b }, &texts)
    }

    fn words_in(&self, call: &CallExpr, element: Type) -> Result<(), String> {
        let Some(Expr::List(list)) = call.args.last().map(|list| &list.expr) else { return Ok(()) };
        let texts: Vec<_> = list.elements.iter().filter_map(literal_text).collect();
        words(element, &texts)
    }
}

impl Type {
    fn is_text(self) -> bool {
        matches!(self, Self::Text | Self::Word(_))
    }

    fn fits(self, other: Self) -> bool {
        self == other || self == Self::Any || other == Self::Any || (self.is_text() && other.is_text())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Bool => "a truth value",
            Self::Int => "a number",
            Self::Text | Self::Word(_) => "a text",
            Self::TextMap => "a map of texts",
            Self::List => "a list",
            Self::Any => "a value",
        }
    }
}

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

/// A text that is compared with one of a few words has to be one of them.
fn words(of: Type, texts: &[&str]) -> Result<(), String> {
    let Type::Word(words) = of else { return Ok(()) };
    match texts.iter().find(|text| !words.contains(text)) {
        None => Ok(()),
        Some(wrong) => Err(format!("`{wrong}` is never the case; it is one of {}", words.join(", "))),
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
