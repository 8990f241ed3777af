/** What a plugin says of itself, checked before anybody reads it. */
import { BulkheadError } from '../../errors.ts';
import type { DescribeResponse, Method } from '../../model/messages.gen.ts';
import { StreamingOutputType } from '../../model/messages.gen.ts';
import type { MethodDescription, RunnerDescription } from '../../model/method.ts';

const mostMethods = 256;
/** In UTF-16 units: names are short, texts (schemas, descriptions) may be long. */
const longestName = 128;
const longestText = 1_048_576;

function refused(text: string): BulkheadError {
  return new BulkheadError('plugin-refused', text);
}

function bounded(what: string, text: string, most = longestText): string {
  if (text.length <= most) return text;
  throw refused(`${what} has ${text.length} characters; at most ${most} are allowed`);
}

function named(what: string, text: string): string {
  if (text === '') throw refused(`${what} is empty`);
  if (/\p{C}/u.test(text)) throw refused(`${what} has control characters`);
  return bounded(what, text, longestName);
}

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
  if (methods.length === 0) throw refused('Describe names no method');
  if (methods.length > mostMethods)
    throw refused(`Describe names ${methods.length} methods; at most ${mostMethods} are allowed`);
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
