fn main() -> Result<(), bulkhead_build::Error> {
    bulkhead_build::configure().compile_protos(
        &[
            "protobuf/settings.proto",
            "protobuf/args.proto",
            "protobuf/result.proto",
        ],
        &["protobuf"],
    )
}
