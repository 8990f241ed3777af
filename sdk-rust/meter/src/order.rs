//! The order in which functions are rewritten, callees first, and who pays for a function's entry.
//!
//! A function need not tick when it is entered: its callers know by then what it costs, and pay. What has to tick is,
//! on each cycle of direct calls, the function where the walk through them closes it. Who calls somebody unknown costs
//! more than callers pay, so it ticks, when it is entered or before that call: that cuts all other cycles.

use alloc::vec::Vec;

use crate::scan::Scan;

/// Who pays for the entry of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// The function ticks when it is entered, and pays then for what it owes when it is left or calls another one.
    Ticks,
    /// Its callers pay.
    Paid {
        /// What a call costs them at most, in units.
        cost: u32,
    },
}

/// What is known of the entry of each defined function.
pub(crate) struct Entries(Vec<Entry>);

impl Entries {
    pub(crate) fn get(&self, defined: u32) -> Entry {
        self.0
            .get(defined as usize)
            .copied()
            .unwrap_or(Entry::Ticks)
    }

    /// The callers of a function pay so much for it.
    pub(crate) fn set(&mut self, defined: u32, cost: u32) {
        if let Some(entry) = self.0.get_mut(defined as usize) {
            *entry = Entry::Paid { cost };
        }
    }

    /// How many functions are paid for by their callers.
    pub(crate) fn paid(&self) -> usize {
        let paid = |entry: &&Entry| matches!(entry, Entry::Paid { .. });
        self.0.iter().filter(paid).count()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    New,
    Open,
    Done,
}

/// All defined functions, callees before their callers, and which of them have to tick.
pub(crate) struct Order {
    pub(crate) functions: Vec<u32>,
    ticks: Vec<bool>,
}

impl Order {
    pub(crate) fn new(scan: &Scan) -> Self {
        let count = scan.functions.len();
        let mut order = Order {
            functions: Vec::with_capacity(count),
            ticks: alloc::vec![false; count],
        };
        let mut marks = alloc::vec![Mark::New; count];
        // The way from the first function to the current one: each with how many of its callees were passed.
        let mut way: Vec<(u32, usize)> = Vec::new();
        for first in 0..count as u32 {
            order.enter(first, &mut marks, &mut way);
            while let Some((function, passed)) = way.last_mut() {
                let callee = scan.functions.get(*function as usize);
                let callee = callee.and_then(|f| f.callees.get(*passed).copied());
                *passed += 1;
                match callee {
                    Some(callee) => order.enter(callee, &mut marks, &mut way),
                    None => {
                        order.functions.push(*function);
                        if let Some(mark) = marks.get_mut(*function as usize) {
                            *mark = Mark::Done;
                        }
                        way.pop();
                    }
                }
            }
        }
        order
    }

    fn enter(&mut self, function: u32, marks: &mut [Mark], way: &mut Vec<(u32, usize)>) {
        let Some(mark) = marks.get_mut(function as usize) else {
            return;
        };
        match mark {
            Mark::New => {
                *mark = Mark::Open;
                way.push((function, 0));
            }
            // A cycle is closed.
            Mark::Open => {
                if let Some(ticks) = self.ticks.get_mut(function as usize) {
                    *ticks = true;
                }
            }
            Mark::Done => {}
        }
    }

    /// Whether a function has to tick when it is entered.
    pub(crate) fn must_tick(&self, defined: u32) -> bool {
        self.ticks.get(defined as usize).is_none_or(|ticks| *ticks)
    }

    /// Entries to begin with: none is paid for.
    pub(crate) fn entries(&self) -> Entries {
        Entries(alloc::vec![Entry::Ticks; self.ticks.len()])
    }
}
