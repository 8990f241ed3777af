/** What a plugin says of itself, checked before anybody reads it. */
import { bounded, checkMethodCount, named, refused } from '../../model/description-caps.ts';
import type { DescribeResponse, Method } from '../../model/messages.gen.ts';
import { StreamingOutputType } from '../../model/messages.gen.ts';
import type { MethodDescription, RunnerDescription } from '../../model/method.ts';

function outputType(method: string, type: Method['output_type']): MethodDescription['outputType'] {
  switch (type) {
    case undefined:
      return 'none';
    case StreamingOutputType.NON_STREAMING:
      return 'non-streaming';
    case StreamingOutputType.STREAMING:
      return 'streaming';
    case StreamingOutputType.BOTH:
      return 'both';
    default:
      throw refused(`output_type of method ${method} is ${type}, which is unknown here`);
  }
}

function methodOf(name: string, method: Method): MethodDescription {
  named('a method name', name);
  const text = (field: string, value: string) => bounded(`${field} of method ${name}`, value);
  const { description, feed_data_proto: feed, args_schema: args, result_schema: result } = method;
  return {
    name,
    argsProto: text('args_proto', method.args_proto),
    resultProto: text('result_proto', method.result_proto),
    ...(description !== undefined && { description: text('description', description) }),
    outputType: outputType(name, method.output_type),
    needFeed: method.need_feed,
    ...(feed !== undefined && { feedDataProto: text('feed_data_proto', feed) }),
    ...(args !== undefined && {
      jsonSchema: {
        args: text('args_schema', args),
        ...(result !== undefined && { result: text('result_schema', result) }),
        ...(method.feed_data_schema !== undefined && { feedData: text('feed_data_schema', method.feed_data_schema) }),
      },
    }),
  };
}

/** Throws `plugin-refused`, naming what is not allowed. */
export function readDescription(answer: DescribeResponse): RunnerDescription {
  const methods = Object.entries(answer.methods);
  checkMethodCount('Describe', methods.length);
  return {
    name: named("the runner's name", answer.name),
    description: bounded('description', answer.description),
    settingsProto: bounded('settings_proto', answer.settings_proto),
    settingsJsonSchema: bounded('settings_schema', answer.settings_schema),
    methods: methods
      .map(([name, method]) => methodOf(name, method))
      .sort((left, right) => (left.name < right.name ? -1 : 1)),
  };
}
