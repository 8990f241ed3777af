fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = bulkhead_build::configure();
    config
        .protoc_arg("--experimental_allow_proto3_optional")
        // derive necessary traits
        .type_attribute(
            ".",
            "#[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]",
        )
        .compile_protos(
            &[
                "protobuf/my_runner.proto",
                "protobuf/my_job_args.proto",
                "protobuf/my_result.proto",
            ],
            &["protobuf"],
        )?;

    Ok(())
}
