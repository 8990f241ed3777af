/** gRPC reflection (v1 and v1alpha), for grpcurl and its like. */
import { dirname } from 'node:path';
import type { Server } from '@grpc/grpc-js';
import type { EnumTypeDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { protoPath as healthProto } from 'grpc-health-check';
import protobuf from 'protobufjs';
import { fileDescriptors } from './descriptors.ts';
import { protoFolder } from './schema.ts';

const healthService = 'grpc.health.v1.Health';

/** Offers reflection on the named services of `root`, and on the health service. */
export function addReflection(server: Server, root: protobuf.Root, services: readonly string[]): void {
  const health = new protobuf.Root().loadSync(healthProto, { keepCase: true });
  health.resolveAll();
  const fileDescriptorProtos = [
    ...fileDescriptors(root, protoFolder),
    ...fileDescriptors(health, dirname(healthProto)),
  ];
  // The service only looks for descriptors, whatever carries them.
  const carrier: EnumTypeDefinition = {
    format: 'Protocol Buffer 3 EnumDescriptorProto',
    type: {},
    fileDescriptorProtos,
  };
  new ReflectionService({ carrier }, { services: [...services, healthService] }).addToServer(server);
}
