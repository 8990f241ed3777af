//! A rewritten module, as far as the proof is about it.

use std::collections::BTreeSet;

use wasmparser::{ElementItems, ExternalKind, Operator, Parser, Payload, TypeRef};

/// An instruction, or the instructions that make a charge.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// So many ticks are taken, and the host is asked if there are none left.
    Charge(u32),
    Op(Operator<'a>),
}

/// The functions that a module defines, by their indices without imports.
#[derive(Default)]
pub(super) struct Code<'a> {
    pub(super) bodies: Vec<Vec<Step<'a>>>,
    /// Functions that not only direct calls lead to.
    pub(super) referenced: BTreeSet<u32>,
    imports: u32,
    /// Imported functions that are the meter's own.
    host: BTreeSet<u32>,
    ticks: Option<u32>,
    /// The function that asks the host for ticks.
    tick: Option<u32>,
}

impl<'a> Code<'a> {
    pub(super) fn new(module: &'a [u8]) -> Self {
        let mut code = Code::default();
        let mut refill = None;
        let mut bodies = Vec::new();
        let mut referenced = Vec::new();
        let mut constants = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            match payload.expect("it is valid") {
                Payload::ImportSection(section) => {
                    for import in section.into_imports() {
                        let import = import.expect("it is valid");
                        if !matches!(import.ty, TypeRef::Func(_) | TypeRef::FuncExact(_)) {
                            continue;
                        }
                        if import.module == "bulkhead:meter" {
                            code.host.insert(code.imports);
                        }
                        if (import.module, import.name) == ("bulkhead:meter", "refill") {
                            refill = Some(code.imports);
                        }
                        code.imports += 1;
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section {
                        let export = export.expect("it is valid");
                        match export.kind {
                            ExternalKind::Func | ExternalKind::FuncExact => {
                                referenced.push(export.index);
                            }
                            ExternalKind::Global if export.name == "bulkhead:ticks" => {
                                code.ticks = Some(export.index);
                            }
                            _ => {}
                        }
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        constants.push(global.expect("it is valid").init_expr);
                    }
                }
                Payload::TableSection(section) => {
                    for table in section {
                        if let wasmparser::TableInit::Expr(init) = table.expect("it is valid").init
                        {
                            constants.push(init);
                        }
                    }
                }
                Payload::ElementSection(section) => {
                    for element in section {
                        match element.expect("it is valid").items {
                            ElementItems::Functions(items) => {
                                referenced.extend(items.into_iter().map(|f| f.expect("valid")));
                            }
                            ElementItems::Expressions(_, items) => {
                                constants.extend(items.into_iter().map(|e| e.expect("valid")));
                            }
                        }
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    let reader = body.get_operators_reader().expect("it is valid");
                    let ops = reader.into_iter().collect::<Result<Vec<_>, _>>();
                    bodies.push(ops.expect("it is valid"));
                }
                _ => {}
            }
        }
        for constant in constants {
            for op in constant.get_operators_reader() {
                if let Operator::RefFunc { function_index } = op.expect("it is valid") {
                    referenced.push(function_index);
                }
            }
        }
        let asks = |ops: &Vec<Operator<'_>>| {
            let calls = |op: &Operator<'_>| matches!(op, Operator::Call { function_index } if Some(*function_index) == refill);
            ops.iter().any(calls)
        };
        let asking: Vec<usize> = (0..bodies.len()).filter(|&f| asks(&bodies[f])).collect();
        assert!(
            asking.len() < 2,
            "several functions ask the host: {asking:?}"
        );
        code.tick = asking.first().map(|&f| f as u32 + code.imports);
        code.referenced = referenced
            .into_iter()
            .filter_map(|function| code.defined(function))
            .collect();
        code.bodies = bodies.into_iter().map(|ops| code.steps(ops)).collect();
        code
    }

    /// The index without imports of a function that is defined.
    pub(super) fn defined(&self, function: u32) -> Option<u32> {
        function.checked_sub(self.imports)
    }

    /// Whether a function is the meter's, or asks it: no part of any cycle, by the host's promise.
    pub(super) fn is_meter(&self, function: u32) -> bool {
        self.host.contains(&function) || self.tick == Some(function)
    }

    /// Whether a function pays when it is entered.
    pub(super) fn pays(&self, defined: u32) -> bool {
        let first = self.bodies[defined as usize].first();
        matches!(first, Some(Step::Charge(_)))
    }

    /// What a function calls directly.
    pub(super) fn callees(&self, function: u32) -> Vec<u32> {
        let steps = self.bodies[function as usize].iter();
        let calls = steps.filter_map(|step| match step {
            Step::Op(
                Operator::Call { function_index } | Operator::ReturnCall { function_index },
            ) => self.defined(*function_index),
            _ => None,
        });
        calls.collect()
    }

    /// Finds the charges.
    fn steps(&self, ops: Vec<Operator<'a>>) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        let mut at = 0;
        while at < ops.len() {
            if let Some(ticks) = self.charge(&ops[at..]) {
                steps.push(Step::Charge(ticks));
                at += CHARGE;
                // Both ways go where the last of a turn's instructions goes.
                if matches!(ops[at - 1], Operator::Br { .. }) {
                    steps.push(Step::Op(ops[at - 1].clone()));
                }
                continue;
            }
            let writes = matches!(ops[at], Operator::GlobalSet { global_index } if Some(global_index) == self.ticks);
            let pays = matches!(ops.get(at.wrapping_sub(1)), Some(Operator::I32Sub));
            let asks = matches!(ops.get(at.wrapping_sub(1)), Some(Operator::LocalGet { .. }));
            assert!(!writes || pays || asks, "ticks are written at {at}");
            steps.push(Step::Op(ops[at].clone()));
            at += 1;
        }
        steps
    }

    /// The ticks that the first of these instructions take, asking the host if there are none left. Where they are
    /// at the end of a loop, they turn it back.
    fn charge(&self, ops: &[Operator<'a>]) -> Option<u32> {
        use Operator as O;
        let [
            O::GlobalGet { global_index: a },
            O::I32Const { value: ticks },
            O::I32Sub,
            O::GlobalSet { global_index: b },
            O::GlobalGet { global_index: c },
            O::I32Const { value: 0 },
            rest @ ..,
        ] = ops.get(..CHARGE)?
        else {
            return None;
        };
        let asks = match rest {
            [
                O::I32LtS,
                O::If {
                    blockty: wasmparser::BlockType::Empty,
                },
                O::Call { function_index },
                O::End,
            ]
            | [
                O::I32GeS,
                O::BrIf { relative_depth: 0 },
                O::Call { function_index },
                O::Br { relative_depth: 0 },
            ] => *function_index,
            _ => return None,
        };
        let all = [*a, *b, *c]
            .iter()
            .all(|global| Some(*global) == self.ticks);
        (all && Some(asks) == self.tick && *ticks > 0).then_some(*ticks as u32)
    }
}

/// How many instructions make a charge.
const CHARGE: usize = 10;
