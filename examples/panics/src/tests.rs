//! What can be seen without a sandbox: errors, echoes, and panics as far as they unwind.

use super::*;

fn run(args: PanicArgs) -> Result<String> {
    let (result, _) = Panics::default().run(args.encode_to_vec(), HashMap::new(), None);
    Ok(EchoResult::decode(result?.as_slice())?.message)
}

fn args(r#where: &str, how: &str) -> PanicArgs {
    PanicArgs {
        r#where: r#where.into(),
        how: how.into(),
        message: "the message".into(),
        ..Default::default()
    }
}

#[test]
fn without_a_place_to_fail_it_echoes() {
    assert_eq!(run(args("", "")).unwrap(), "the message");
    assert_eq!(run(args("cancel", "")).unwrap(), "the message");
}

#[test]
fn an_error_has_two_causes() {
    let error = run(args("run", "error")).unwrap_err();
    let chain: Vec<_> = error.chain().map(ToString::to_string).collect();
    assert_eq!(chain, ["the message", "the reason", "the root"]);
}

#[test]
#[should_panic = "the message"]
fn a_panic_has_the_message() {
    let _ = run(args("run", "panic"));
}

#[test]
fn a_way_to_fail_that_does_not_exist_is_an_error() {
    let error = run(args("run", "pnaic")).unwrap_err();
    assert_eq!(error.to_string(), "`pnaic` is no way to fail");
}

#[test]
fn a_stream_fails_at_its_chunk() {
    let mut plugin = Panics::default();
    let args = PanicArgs {
        at_chunk: 1,
        chunks: 3,
        ..args("receive_stream", "error")
    };
    plugin
        .begin_stream(args.encode_to_vec(), HashMap::new(), None)
        .unwrap();
    assert!(plugin.receive_stream().unwrap().is_some());
    assert!(plugin.receive_stream().is_err());
}
