//! Files of the specification's test suite, as commands in JSON.

use std::error::Error;

use wast::{
    QuoteWat, Wast, WastArg, WastDirective, WastExecute, WastInvoke, WastRet, Wat,
    core::{WastArgCore, WastRetCore},
    lexer::Lexer,
    parser::{self, ParseBuffer},
    token::Id,
};

use super::{json, vectors};

/// The commands of a file.
pub(crate) fn commands(text: &str) -> Result<String, Box<dyn Error>> {
    let mut lexer = Lexer::new(text);
    lexer.allow_confusing_unicode(true);
    let buffer = ParseBuffer::new_with_lexer(lexer)?;
    let wast: Wast<'_> = parser::parse(&buffer)?;
    let mut commands = Vec::new();
    for directive in wast.directives {
        let (line, _) = directive.span().linecol_in(text);
        if let Some(command) = command(directive, line + 1) {
            commands.push(command);
        }
    }
    Ok(json::array(commands))
}

fn command(directive: WastDirective<'_>, line: usize) -> Option<String> {
    let say = |kind: &str, mut members: Vec<(&str, String)>| {
        members.splice(
            0..0,
            [("kind", json::string(kind)), ("line", line.to_string())],
        );
        Some(json::object(&members))
    };
    match directive {
        WastDirective::Module(module) => say("module", quoted(module)?),
        WastDirective::ModuleDefinition(module) => say("definition", quoted(module)?),
        WastDirective::ModuleInstance {
            instance, module, ..
        } => say("instance", vec![("name", id(instance)), ("of", id(module))]),
        WastDirective::Register { name, module, .. } => say(
            "register",
            vec![("as", json::string(name)), ("name", id(module))],
        ),
        WastDirective::Invoke(invoke) => say("act", vec![("action", action(invoke, &[])?)]),
        WastDirective::AssertTrap { exec, .. }
        | WastDirective::AssertException { exec, .. }
        | WastDirective::AssertSuspension { exec, .. } => {
            execute(exec, &[]).and_then(|(kind, members)| say(kind, members))
        }
        WastDirective::AssertReturn { exec, results, .. } => {
            execute(exec, &results).and_then(|(kind, members)| say(kind, members))
        }
        WastDirective::AssertExhaustion { call, .. } => {
            say("act", vec![("action", action(call, &[])?)])
        }
        WastDirective::AssertUnlinkable { module, .. } => {
            say("module", vec![("name", "null".into()), binary(module)?])
        }
        WastDirective::AssertInvalid { module, .. }
        | WastDirective::AssertMalformed { module, .. } => say("invalid", quoted(module)?),
        _ => None,
    }
}

fn execute(
    exec: WastExecute<'_>,
    results: &[WastRet<'_>],
) -> Option<(&'static str, Vec<(&'static str, String)>)> {
    match exec {
        WastExecute::Invoke(invoke) => Some(("act", vec![("action", action(invoke, results)?)])),
        WastExecute::Wat(module) => {
            Some(("module", vec![("name", "null".into()), binary(module)?]))
        }
        WastExecute::Get { module, global, .. } => Some((
            "get",
            vec![("of", id(module)), ("field", json::string(global))],
        )),
    }
}

fn id(id: Option<Id<'_>>) -> String {
    id.map_or("null".into(), |id| json::string(id.name()))
}

fn quoted(mut module: QuoteWat<'_>) -> Option<Vec<(&'static str, String)>> {
    let name = id(module.name());
    let bytes = module.encode().ok()?;
    Some(vec![("name", name), ("module", json::bytes(&bytes))])
}

fn binary(mut module: Wat<'_>) -> Option<(&'static str, String)> {
    Some(("module", json::bytes(&module.encode().ok()?)))
}

/// A call of an export. Vectors cannot pass through JavaScript: then there is a module that makes the call.
fn action(invoke: WastInvoke<'_>, results: &[WastRet<'_>]) -> Option<String> {
    let arguments = invoke.args.iter().map(|argument| match argument {
        WastArg::Core(argument) => Some(argument),
        _ => None,
    });
    let arguments: Vec<&WastArgCore<'_>> = arguments.collect::<Option<_>>()?;
    let results = results.iter().map(|result| match result {
        WastRet::Core(result) => Some(result),
        _ => None,
    });
    let results: Vec<&WastRetCore<'_>> = results.collect::<Option<_>>()?;
    let mut members = vec![
        ("of", id(invoke.module)),
        ("field", json::string(invoke.name)),
    ];
    if vectors::are_needed(&arguments, &results) {
        members.push((
            "caller",
            json::bytes(&vectors::caller(&arguments, &results)?),
        ));
    } else {
        members.push((
            "arguments",
            json::array(arguments.into_iter().map(argument)),
        ));
    }
    Some(json::object(&members))
}

fn argument(argument: &WastArgCore<'_>) -> String {
    let pair = |kind: &str, value: String| json::array([json::string(kind), value]);
    match argument {
        WastArgCore::I32(value) => pair("i32", value.to_string()),
        WastArgCore::I64(value) => pair("i64", json::string(&value.to_string())),
        WastArgCore::F32(value) => pair("f32", value.bits.to_string()),
        WastArgCore::F64(value) => pair("f64", json::string(&value.bits.to_string())),
        WastArgCore::RefExtern(value) | WastArgCore::RefHost(value) => {
            pair("host", value.to_string())
        }
        _ => pair("null", "0".into()),
    }
}
