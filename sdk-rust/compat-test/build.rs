//! The guide's messages, compiled as the guide compiles them, and those of the legacy ABI.

const GUIDE: &str = "../../examples/guide/protobuf";

fn main() -> Result<(), bulkhead_build::Error> {
    let protos =
        ["my_runner", "my_job_args", "my_result"].map(|name| format!("{GUIDE}/{name}.proto"));
    bulkhead_build::configure()
        .type_attribute(
            ".",
            "#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]",
        )
        .compile_protos(&protos, &[GUIDE])?;
    bulkhead_build::configure().compile_protos(&["protobuf/legacy.proto"], &["protobuf"])
}
