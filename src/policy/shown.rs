//! The facts that an expression asks for, as they are, for a person who asks why a rule has decided so. What a form's fields say is
//! not shown, only whether they are there.

use std::collections::BTreeSet;

use cel::common::ast::operators::{IN, INDEX};
use cel::common::ast::{Expr, LiteralValue};
use cel::{IdedExpr, Value};

use super::facts::{FACTS, Facts};

impl Facts<'_> {
    /// Each fact that an expression asks for, once, as in `consent.state is 'given'`.
    pub(super) fn shown(&self, tree: &IdedExpr) -> Vec<String> {
        let mut shown = BTreeSet::new();
        self.gather(tree, &mut shown);
        shown.into_iter().collect()
    }

    /// All facts, as they are.
    pub(crate) fn all(&self) -> Vec<String> {
        FACTS.iter().filter_map(|(group, name, _)| self.told(group, name)).collect()
    }

    fn gather(&self, tree: &IdedExpr, into: &mut BTreeSet<String>) {
        match &tree.expr {
            Expr::Select(select) => {
                if let Expr::Ident(group) = &select.operand.expr
                    && let Some((group, name, _)) =
                        FACTS.iter().find(|(of, name, _)| of == group && *name == select.field)
                {
                    into.extend(self.told(group, name));
                } else if is_params(&select.operand) {
                    into.insert(self.param(&select.field));
                } else {
                    self.gather(&select.operand, into);
                }
            }
            Expr::Call(call) => {
                let field = match (call.func_name.as_str(), call.args.as_slice()) {
                    (INDEX, [params, name]) | (IN, [name, params]) if is_params(params) => literal(name),
                    _ => None,
                };
                if let Some(field) = field {
                    into.insert(self.param(field));
                    return;
                }
                call.target.iter().for_each(|target| self.gather(target, into));
                call.args.iter().for_each(|argument| self.gather(argument, into));
            }
            Expr::List(list) => list.elements.iter().for_each(|element| self.gather(element, into)),
            Expr::Comprehension(over) => {
                for part in [&over.iter_range, &over.accu_init, &over.loop_cond, &over.loop_step, &over.result] {
                    self.gather(part, into);
                }
            }
            // The type check lets no maps and structs pass.
            Expr::Ident(_) | Expr::Literal(_) | Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => {}
        }
    }

    /// One fact; nothing where it does not exist at this trigger.
    fn told(&self, group: &str, name: &str) -> Option<String> {
        if group == "form" && self.form.is_none() {
            return None;
        }
        Some(match self.value(group, name) {
            Value::String(text) => format!("{group}.{name} is '{text}'"),
            Value::Int(number) => format!("{group}.{name} is {number}"),
            Value::Bool(truth) => format!("{group}.{name} is {truth}"),
            // The fields of a form.
            _ => format!("{group}.{name} has {} fields", self.form.map_or(0, |form| form.params.len())),
        })
    }

    fn param(&self, field: &str) -> String {
        let is_there = self.form.is_some_and(|form| form.params.keys().any(|name| name.to_lowercase() == field));
        format!("form.params['{field}'] is {}", if is_there { "there" } else { "not there" })
    }
}

fn is_params(tree: &IdedExpr) -> bool {
    matches!(&tree.expr, Expr::Select(select) if select.field == "params" && matches!(&select.operand.expr, Expr::Ident(group) if group == "form"))
}

fn literal(tree: &IdedExpr) -> Option<&str> {
    match &tree.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}
