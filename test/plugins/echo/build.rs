fn main() -> Result<(), bulkhead_build::Error> {
    bulkhead_build::configure().compile_protos(
        &[
            "protobuf/settings.proto",
            "protobuf/echo_args.proto",
            "protobuf/slow_args.proto",
            "protobuf/stream_args.proto",
            "protobuf/fail_args.proto",
            "protobuf/result.proto",
        ],
        &["protobuf"],
    )
}
