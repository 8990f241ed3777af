/**
 * Generated from proto/ by proto/generate-types.ts. Do not edit.
 *
 * 64-bit integers are bigint, bytes are Uint8Array. A field with `?` may be absent; all others always
 * have a value. Enums are open on the wire: a number that is not listed can arrive.
 */

/** One RPC: what goes in, what comes out, and which of the two are streams. */
export interface Rpc<Request, Response, RequestStream extends boolean, ResponseStream extends boolean> {
  readonly request: Request;
  readonly response: Response;
  readonly requestStream: RequestStream;
  readonly responseStream: ResponseStream;
}

/** Where a job that has not ended is on its way. */
export const JobProcessingStatus = {
  UNKNOWN: 0,
  /** In the queue. */
  PENDING: 1,
  /** In a plugin. */
  RUNNING: 2,
  /** Ran; its result is being handled. */
  WAIT_RESULT: 3,
  /** Asked to stop. */
  CANCELLING: 4,
} as const;
export type JobProcessingStatus = (typeof JobProcessingStatus)[keyof typeof JobProcessingStatus];

/** What results may be sorted by. */
export const JobResultSortField = {
  JOB_RESULT_SORT_FIELD_UNSPECIFIED: 0,
  JOB_RESULT_SORT_FIELD_ID: 1,
  JOB_RESULT_SORT_FIELD_START_TIME: 2,
  JOB_RESULT_SORT_FIELD_END_TIME: 3,
  JOB_RESULT_SORT_FIELD_STATUS: 4,
} as const;
export type JobResultSortField = (typeof JobResultSortField)[keyof typeof JobResultSortField];

/** Jobs of a higher priority leave the queue first; equal ones in order of arrival. */
export const Priority = {
  PRIORITY_MEDIUM: 0,
  PRIORITY_LOW: -1,
  PRIORITY_HIGH: 1,
} as const;
export type Priority = (typeof Priority)[keyof typeof Priority];

/** How safely a queued job is kept. */
export const QueueType = {
  /** In the queue only. */
  NORMAL: 0,
  /** In the queue, and in the store for recovery. */
  WITH_BACKUP: 1,
  /** In the store only. */
  DB_ONLY: 2,
} as const;
export type QueueType = (typeof QueueType)[keyof typeof QueueType];

/** What the submitter of a job waits for. */
export const ResponseType = {
  /** The job's id, at once. */
  NO_RESULT: 0,
  /** The result, in the same call. */
  DIRECT: 1,
} as const;
export type ResponseType = (typeof ResponseType)[keyof typeof ResponseType];

/** How a job ended. */
export const ResultStatus = {
  SUCCESS: 0,
  /** Failed, and will be tried again. */
  ERROR_AND_RETRY: 1,
  /** Failed by itself; trying again makes no sense. */
  FATAL_ERROR: 2,
  /** Stopped by an operator. */
  ABORT: 3,
  /** Failed, and no attempt is left. */
  MAX_RETRY: 4,
  /** The host failed, not the job. */
  OTHER_ERROR: 5,
  /** Cancelled on request. */
  CANCELLED: 6,
} as const;
export type ResultStatus = (typeof ResultStatus)[keyof typeof ResultStatus];

/** How the wait between two attempts grows. */
export const RetryType = {
  /** A failed job is not tried again. */
  NONE: 0,
  /** interval * basis ^ (attempt - 1) */
  EXPONENTIAL: 1,
  /** interval * attempt */
  LINEAR: 2,
  /** Always the interval. */
  CONSTANT: 3,
} as const;
export type RetryType = (typeof RetryType)[keyof typeof RetryType];

/** What runners may be sorted by. */
export const RunnerSortField = {
  RUNNER_SORT_FIELD_UNSPECIFIED: 0,
  RUNNER_SORT_FIELD_ID: 1,
  RUNNER_SORT_FIELD_NAME: 2,
  RUNNER_SORT_FIELD_RUNNER_TYPE: 3,
  RUNNER_SORT_FIELD_CREATED_AT: 4,
} as const;
export type RunnerSortField = (typeof RunnerSortField)[keyof typeof RunnerSortField];

/** What kind of runner it is. Bulkhead's own are all PLUGIN. */
export const RunnerType = {
  PLUGIN: 0,
  COMMAND: 1,
  HTTP_REQUEST: 2,
  /** Deprecated in favour of GRPC. */
  GRPC_UNARY: 3,
  DOCKER: 4,
  SLACK_POST_MESSAGE: 5,
  PYTHON_COMMAND: 6,
  MCP_SERVER: 7,
  FUNCTION_SET_SELECTOR: 8,
  /** From here on: kinds with several methods. */
  LLM: 32768,
  WORKFLOW: 32769,
  GRPC: 32770,
} as const;
export type RunnerType = (typeof RunnerType)[keyof typeof RunnerType];

/** Where an installation keeps its queue and results. */
export const StorageType = {
  /** One process: memory and SQLite. */
  STANDALONE: 0,
  /** Many processes: a shared store. */
  SCALABLE: 1,
} as const;
export type StorageType = (typeof StorageType)[keyof typeof StorageType];

/** How a method gives its output. */
export const StreamingOutputType = {
  NON_STREAMING: 0,
  STREAMING: 1,
  BOTH: 2,
} as const;
export type StreamingOutputType = (typeof StreamingOutputType)[keyof typeof StreamingOutputType];

/** How a job gives its output. The numbers agree with the boolean that was here before. */
export const StreamingType = {
  /** One result. */
  STREAMING_TYPE_NONE: 0,
  /** Chunks, to the submitter. */
  STREAMING_TYPE_RESPONSE: 1,
  /** Chunks inside the server, collected into one result. */
  STREAMING_TYPE_INTERNAL: 2,
} as const;
export type StreamingType = (typeof StreamingType)[keyof typeof StreamingType];

/** What workers may be sorted by. */
export const WorkerSortField = {
  WORKER_SORT_FIELD_UNSPECIFIED: 0,
  WORKER_SORT_FIELD_ID: 1,
  WORKER_SORT_FIELD_NAME: 2,
  WORKER_SORT_FIELD_RUNNER_ID: 3,
  WORKER_SORT_FIELD_PERIODIC_INTERVAL: 4,
  WORKER_SORT_FIELD_CREATED_AT: 5,
} as const;
export type WorkerSortField = (typeof WorkerSortField)[keyof typeof WorkerSortField];

/** Whether to count by status. */
export const CountJobProcessingStatusMode = {
  COUNT_JOB_PROCESSING_STATUS_MODE_TOTAL: 0,
  COUNT_JOB_PROCESSING_STATUS_MODE_GROUP_BY_STATUS: 1,
} as const;
export type CountJobProcessingStatusMode =
  (typeof CountJobProcessingStatusMode)[keyof typeof CountJobProcessingStatusMode];

export const GoPluginChannel = {
  INVALID: 0,
  STDOUT: 1,
  STDERR: 2,
} as const;
export type GoPluginChannel = (typeof GoPluginChannel)[keyof typeof GoPluginChannel];

export interface Channel {
  /** Empty: the default channel. */
  name: string;
  /** Jobs at a time. */
  concurrency: number;
}

export type ListChannelsRequest = Record<never, never>;

export interface ListChannelsResponse {
  channels: readonly Channel[];
}

export interface SetConcurrencyRequest {
  /** Empty: the default channel. */
  channel: string;
  /** Jobs at a time, from 1 to 1000000. */
  concurrency: number;
}

export type SetConcurrencyResponse = Record<never, never>;

export type ListUploadsRequest = Record<never, never>;

export interface ListUploadsResponse {
  /** Ordered by name. */
  plugins: readonly UploadedPlugin[];
}

export interface RemoveUploadRequest {
  name: string;
}

export type RemoveUploadResponse = Record<never, never>;

/** The first message of an upload. */
export interface UploadHead {
  /** What the plugin calls itself. */
  name: string;
  /** SHA-256 of the component: 64 hexadecimal digits. */
  sha256: string;
  /** Whether an upload of that name may be replaced. Jobs that run end on the plugin that they began with. */
  replace: boolean;
  /** The text of the plugin's manifest. What it asks for it gets only where the operator's grants say so. */
  manifest?: string;
}

/** First the head, then the component's bytes in as many chunks as you like. */
export interface UploadRequest {
  head?: UploadHead;
  chunk?: Uint8Array;
}

/** The plugin is stored, and served from now on. */
export interface UploadResponse {
  runner_id?: RunnerId;
  /** What its manifest asks for and the operator does not grant. */
  not_granted: readonly string[];
}

/** A plugin that was uploaded. */
export interface UploadedPlugin {
  name: string;
  /** SHA-256 of the component, hexadecimal. */
  sha256: string;
  size_bytes: bigint;
  /** Milliseconds since 1970. */
  uploaded_at: bigint;
  /** Not set where it is not served: it was unloaded by RunnerService.Delete, or refused when the server started. */
  runner_id?: RunnerId;
}

export type Begun = Record<never, never>;

/** One job. */
export interface Call {
  args: Uint8Array;
  metadata: Record<string, string>;
  /** The method, where the submitter named one. */
  using?: string;
  job_id: bigint;
  worker_name: string;
  /** 1 for the first run. */
  attempt: number;
  /** Milliseconds since 1970; not set: none. */
  deadline?: bigint;
  /** Of a stream: its method reads a feed, and `feed` parts follow. */
  feeds: boolean;
}

export type CancelRequest = Record<never, never>;

export interface CancelResponse {
  /** The plugin says that it ends its job. */
  is_cancelled: boolean;
}

export type DescribeRequest = Record<never, never>;

/** What the runner is. It may not depend on settings. */
export interface DescribeResponse {
  /** Unique on a host. */
  name: string;
  description: string;
  /** Protocol Buffers source text; empty: plain bytes. */
  settings_proto: string;
  /** JSON Schema text; empty: none. */
  settings_schema: string;
  /** By name. */
  methods: Record<string, Method>;
}

/** The plugin's own failure: an answer, not an error of the call. */
export interface Failure {
  message: string;
}

export interface FeedChunk {
  data: Uint8Array;
  /** No more will come. */
  is_final: boolean;
}

export interface LoadRequest {
  /** The worker's settings. */
  settings: Uint8Array;
}

export interface LoadResponse {
  failure?: Failure;
}

/** What a method takes and gives. The `_proto` fields are Protocol Buffers source text, the `_schema` fields JSON Schema. */
export interface Method {
  /** Empty: plain bytes. */
  args_proto: string;
  /** Of the result, and of each chunk of a stream. Empty: plain bytes. */
  result_proto: string;
  description?: string;
  /** Not set: the method is listed and never run. */
  output_type?: StreamingOutputType;
  /** The method reads a feed. */
  need_feed: boolean;
  /** Of a feed chunk. Not set: plain bytes. */
  feed_data_proto?: string;
  /** Not set: none given. */
  args_schema?: string;
  result_schema?: string;
  feed_data_schema?: string;
}

export interface RunResponse {
  output?: Uint8Array;
  failure?: Failure;
  metadata: Record<string, string>;
}

/** First `begin`, then as many `feed` as the submitter sends. */
export interface StreamRequest {
  begin?: Call;
  feed?: FeedChunk;
}

/** First `begun` or `failure`, then chunks; the stream ends after the last one, or with a `failure`. */
export interface StreamResponse {
  begun?: Begun;
  chunk?: Uint8Array;
  failure?: Failure;
}

export interface ChannelConfig {
  /** Empty: the default channel. */
  name: string;
  /** Jobs at a time. */
  concurrency: number;
}

export type Empty = Record<never, never>;

/** A chunk of a feed. */
export interface FeedDataTransport {
  /** A message of the method's feed schema. */
  data: Uint8Array;
  is_final: boolean;
}

/** One turn of a loop failed, and the loop went on. */
export interface ForItemFailedEvent {
  task_name: string;
  position: string;
  index: number;
  /** JSON: error, index, item. */
  error_payload_json: string;
}

export interface Job {
  id?: JobId;
  data?: JobData;
  /** Passed on to the plugin. */
  metadata: Record<string, string>;
}

/** The job of a task ended. */
export interface JobCompletedEvent {
  job_id?: JobId;
  job_result_id?: JobResultId;
  position: string;
}

export interface JobData {
  worker_id?: WorkerId;
  /** A message of the method's args schema. */
  args: Uint8Array;
  /** No two jobs with the same key are in the queue at once. */
  uniq_key?: string;
  /** Milliseconds since 1970. */
  enqueue_time: bigint;
  /** Until when a process holds the job, milliseconds since 1970. Set by the server. */
  grabbed_until_time?: bigint;
  /** Not to run before then, milliseconds since 1970; 0: at once. */
  run_after_time: bigint;
  /** Attempts so far, without the first. */
  retried: number;
  priority: Priority;
  /** Longest run, milliseconds; 0: no limit of the job's own. */
  timeout: bigint;
  streaming_type: StreamingType;
  /** The method. May be left out where the runner has one only. */
  using?: string;
  overrides?: JobExecutionOverrides;
}

/** What one job does differently from its worker. A field that is not set: as the worker says. */
export interface JobExecutionOverrides {
  response_type?: ResponseType;
  store_success?: boolean;
  store_failure?: boolean;
  broadcast_results?: boolean;
  retry_policy?: RetryPolicy;
}

export interface JobId {
  value: bigint;
}

/** How processes of the original pass jobs on; no service takes it. */
export interface JobInternal {
  job?: Job;
  /** Load the runner, run nothing. */
  load_only: boolean;
}

export interface JobResult {
  id?: JobResultId;
  data?: JobResultData;
  /** What the plugin gave back beside its output. */
  metadata: Record<string, string>;
}

/** Everything about an ended job. */
export interface JobResultData {
  job_id?: JobId;
  worker_id?: WorkerId;
  worker_name: string;
  /** As submitted. */
  args: Uint8Array;
  uniq_key?: string;
  status: ResultStatus;
  output?: ResultOutput;
  retried: number;
  max_retry: number;
  priority: Priority;
  /** As submitted, milliseconds. */
  timeout: bigint;
  streaming_type: StreamingType;
  /** Times are milliseconds since 1970. */
  enqueue_time: bigint;
  run_after_time: bigint;
  start_time: bigint;
  end_time: bigint;
  response_type: ResponseType;
  /** As the worker or the job's overrides say. */
  store_success: boolean;
  store_failure: boolean;
  /** The method that ran. */
  using?: string;
  broadcast_results: boolean;
  /** Of the worker, or of the job's overrides. */
  resolved_retry_policy?: RetryPolicy;
}

export interface JobResultId {
  value: bigint;
}

/** A task began to run a job. */
export interface JobStartedEvent {
  job_id?: JobId;
  runner_name: string;
  worker_name?: string;
  /** Positions are JSON Pointers into the workflow. */
  position: string;
}

/** What a method takes and gives, as JSON Schema. */
export interface MethodJsonSchema {
  args_schema: string;
  /** Not set: unstructured. */
  result_schema?: string;
  client_stream_data_schema?: string;
}

/** The methods of a runner by name, as JSON Schema. */
export interface MethodJsonSchemaMap {
  schemas: Record<string, MethodJsonSchema>;
}

/** The methods of a runner by name. */
export interface MethodProtoMap {
  schemas: Record<string, MethodSchema>;
}

/** What a method takes and gives, as Protocol Buffers source text. Where a text has several messages, the first counts. */
export interface MethodSchema {
  /** Empty: plain bytes. */
  args_proto: string;
  /** Of the result, and of each chunk of a stream. Empty: plain bytes. */
  result_proto: string;
  /** For people, and for tools that choose a method. */
  description?: string;
  output_type: StreamingOutputType;
  /** The method reads a feed. The plugin guide calls this field need_feed; on the wire it is the same. */
  require_client_stream: boolean;
  /** Schema of a feed chunk; not set: plain bytes. The plugin guide calls this field feed_data_proto. */
  client_stream_data_proto?: string;
}

/** The output of a job that does not stream. */
export interface ResultOutput {
  /** On success a message of the method's result schema; otherwise UTF-8 text that says what went wrong. */
  items: Uint8Array;
}

/** One message of an output stream. */
export interface ResultOutputItem {
  /** A chunk: a message of the method's result schema. */
  data?: Uint8Array;
  /** The stream is over. */
  end?: Trailer;
  /** All chunks as one result, where that was asked for. */
  final_collected?: Uint8Array;
}

/** When and how often a failed job is tried again. */
export interface RetryPolicy {
  type: RetryType;
  /** First wait, milliseconds. */
  interval: number;
  /** Longest wait, milliseconds. */
  max_interval: number;
  /** Most attempts after the first; 0: no limit. */
  max_retry: number;
  /** Base of the exponential growth. */
  basis: number;
}

export interface Runner {
  id?: RunnerId;
  data?: RunnerData;
}

export interface RunnerData {
  /** Unique on a server. */
  name: string;
  description: string;
  runner_type: RunnerType;
  /** Schema of a worker's settings: Protocol Buffers source text; empty: no settings. */
  runner_settings_proto: string;
  /** Where the runner comes from: for a plugin, its file. */
  definition: string;
  method_proto_map?: MethodProtoMap;
}

export interface RunnerId {
  value: bigint;
}

/** A chunk of a streaming job. */
export interface StreamingDataEvent {
  job_id?: JobId;
  data: Uint8Array;
}

/** A task that runs no job of its own ended. */
export interface TaskCompletedEvent {
  task_type: string;
  task_name: string;
  position: string;
}

/** A task that runs no job of its own began. */
export interface TaskStartedEvent {
  task_type: string;
  task_name: string;
  position: string;
}

/** Ends a stream. */
export interface Trailer {
  /** What the plugin gave back beside its output. */
  metadata: Record<string, string>;
}

export interface Worker {
  id?: WorkerId;
  data?: WorkerData;
}

export interface WorkerData {
  /** Unique on a server. */
  name: string;
  description: string;
  runner_id?: RunnerId;
  /** A message of the runner's settings schema. */
  runner_settings: Uint8Array;
  retry_policy?: RetryPolicy;
  /** Run it by itself every so many milliseconds; 0: only when asked. Not together with DIRECT. */
  periodic_interval: number;
  /** The queue that its jobs go through; not set: the default channel. */
  channel?: string;
  queue_type: QueueType;
  response_type: ResponseType;
  /** Keep the results of jobs that succeeded. */
  store_success: boolean;
  /** Keep the results of jobs that failed. */
  store_failure: boolean;
  /** Plugin instances are kept between jobs, with their state. Otherwise every job sees the state after load(). */
  use_static: boolean;
  /** Results go to listeners, too. */
  broadcast_results: boolean;
}

export interface WorkerId {
  value: bigint;
}

export interface WorkerInstance {
  id?: WorkerInstanceId;
  data?: WorkerInstanceData;
}

export interface WorkerInstanceData {
  ip_address: string;
  hostname?: string;
  channels: readonly ChannelConfig[];
  /** Milliseconds since 1970. */
  registered_at: bigint;
  /** Milliseconds since 1970. */
  last_heartbeat: bigint;
  /** 0: takes no part in recovery. */
  rdb_status_index_recovery_version: number;
}

export interface WorkerInstanceId {
  value: bigint;
}

export interface WorkflowEvent {
  streaming_job_started?: JobStartedEvent;
  streaming_job_completed?: JobCompletedEvent;
  job_started?: JobStartedEvent;
  job_completed?: JobCompletedEvent;
  task_started?: TaskStartedEvent;
  task_completed?: TaskCompletedEvent;
  streaming_data?: StreamingDataEvent;
  for_item_failed?: ForItemFailedEvent;
}

export interface FunctionCallOptions {
  /** Milliseconds. */
  timeout_ms?: bigint;
  streaming?: boolean;
  metadata: Record<string, string>;
}

export interface FunctionExecutionInfo {
  job_id: string;
  /** Times are milliseconds since 1970. */
  started_at: bigint;
  completed_at?: bigint;
  execution_time_ms?: bigint;
  metadata: Record<string, string>;
}

/** A runner or a worker. */
export interface FunctionId {
  runner_id?: RunnerId;
  worker_id?: WorkerId;
}

export interface FunctionResult {
  /** JSON. */
  output: string;
  status?: ResultStatus;
  error_message?: string;
  error_code?: string;
  /** In the last message of a stream. */
  last_info?: FunctionExecutionInfo;
}

export interface FunctionSet {
  id?: FunctionSetId;
  data?: FunctionSetData;
}

export interface FunctionSetData {
  name: string;
  description: string;
  category: number;
  targets: readonly FunctionUsing[];
}

export interface FunctionSetDetail {
  id?: FunctionSetId;
  data?: FunctionSetDetailData;
}

/** A set with the description of each function. */
export interface FunctionSetDetailData {
  name: string;
  description: string;
  category: number;
  targets: readonly FunctionSpecs[];
}

export interface FunctionSetId {
  value: bigint;
}

/** A function as its callers see it. */
export interface FunctionSpecs {
  runner_type: RunnerType;
  runner_id?: RunnerId;
  worker_id?: WorkerId;
  name: string;
  description: string;
  /** JSON Schema; empty for workers, and where there are no settings. */
  settings_schema: string;
  methods?: MethodSchemaMap;
}

/** A function and, for runners with several methods, which one. */
export interface FunctionUsing {
  function_id?: FunctionId;
  using?: string;
}

/** A method in JSON Schema. Not the message of the same name in jobworkerp.data. */
export interface FunctionMethodSchema {
  description?: string;
  arguments_schema: string;
  result_schema?: string;
  output_type: StreamingOutputType;
  annotations?: ToolAnnotations;
}

/** The methods of a function by name. */
export interface MethodSchemaMap {
  schemas: Record<string, FunctionMethodSchema>;
}

/** Hints for callers that choose a tool. They bind nobody. */
export interface ToolAnnotations {
  title?: string;
  read_only_hint?: boolean;
  destructive_hint?: boolean;
  idempotent_hint?: boolean;
  open_world_hint?: boolean;
}

/** The part of WorkerData that a function's caller may set. */
export interface WorkerOptions {
  retry_policy?: RetryPolicy;
  channel?: string;
  store_success: boolean;
  store_failure: boolean;
  use_static: boolean;
  broadcast_results: boolean;
  queue_type?: QueueType;
  response_type?: ResponseType;
}

export interface CreateFunctionSetResponse {
  id?: FunctionSetId;
}

export interface CreateWorkerRequest {
  runner_name?: string;
  runner_id?: RunnerId;
  name: string;
  description?: string;
  /** By the runner's settings schema. */
  settings_json?: string;
  worker_options?: WorkerOptions;
}

export interface FunctionCreateWorkerResponse {
  worker_id?: WorkerId;
  worker_name: string;
}

export interface FindByNameRequest {
  name: string;
}

export interface FindFunctionByNameRequest {
  runner_name?: string;
  worker_name?: string;
}

export interface FindFunctionRequest {
  exclude_runner: boolean;
  exclude_worker: boolean;
}

export interface FindFunctionSetRequest {
  name: string;
}

export interface FunctionCallRequest {
  runner_name?: string;
  worker_name?: string;
  /** Only with runner_name. */
  runner_parameters?: RunnerParameters;
  /** By the method's args schema. */
  args_json: string;
  uniq_key?: string;
  options?: FunctionCallOptions;
}

export interface OptionalFunctionSetDetailResponse {
  data?: FunctionSetDetail;
}

export interface OptionalFunctionSetResponse {
  data?: FunctionSet;
}

export interface OptionalFunctionSpecsResponse {
  data?: FunctionSpecs;
}

export interface RunnerParameters {
  /** By the runner's settings schema. */
  settings_json: string;
  worker_options?: WorkerOptions;
}

export interface ChannelInfo {
  name: string;
  /** Jobs at a time in this process. */
  concurrency: number;
  /** Workers that use the channel. */
  worker_count: bigint;
  /** Jobs at a time in all processes. */
  total_concurrency?: number;
  /** Processes that serve the channel. */
  active_instances?: number;
}

export interface CleanupRequest {
  /** Instead of the configured time. */
  retention_hours_override?: bigint;
}

export interface CleanupResponse {
  deleted_count: bigint;
  /** Milliseconds since 1970. */
  cutoff_time: bigint;
  message: string;
}

/** The first message of a stream carries the job, all others its feed. */
export interface ClientStreamRequest {
  job_request?: JobRequest;
  feed_data?: FeedDataTransport;
}

/** Counts everything. */
export type CountCondition = Record<never, never>;

export interface CountInstanceResponse {
  total: bigint;
  active: bigint;
}

export interface CountJobProcessingStatusRequest {
  status?: JobProcessingStatus;
  worker_id?: bigint;
  channel?: string;
  min_elapsed_time_ms?: bigint;
  mode: CountJobProcessingStatusMode;
}

export interface CountJobProcessingStatusResponse {
  total: bigint;
  counts: readonly JobProcessingStatusCount[];
  mode: CountJobProcessingStatusMode;
}

/** The same filters as FindJobResultListRequest. */
export interface CountJobResultRequest {
  worker_ids: readonly WorkerId[];
  statuses: readonly ResultStatus[];
  start_time_from?: bigint;
  start_time_to?: bigint;
  end_time_from?: bigint;
  end_time_to?: bigint;
  priorities: readonly Priority[];
  uniq_key?: string;
}

export interface CountResponse {
  total: bigint;
}

export interface CountRunnerRequest {
  runner_types: readonly RunnerType[];
  name_filter?: string;
}

/** The same filters as FindWorkerListRequest. */
export interface CountWorkerRequest {
  runner_types: readonly RunnerType[];
  channel?: string;
  name_filter?: string;
  is_periodic?: boolean;
  runner_ids: readonly RunnerId[];
}

export interface CreateJobResponse {
  id?: JobId;
  /** DIRECT only. Set for failed jobs as well; see its status. */
  result?: JobResult;
}

export interface CreateRunnerRequest {
  name: string;
  description: string;
  runner_type: RunnerType;
  /** For a plugin, its file. */
  definition: string;
}

export interface CreateRunnerResponse {
  id?: RunnerId;
}

export interface CreateWorkerResponse {
  id?: WorkerId;
}

/** What to delete: all that is set has to hold. */
export interface DeleteJobResultBulkRequest {
  /** Milliseconds since 1970. */
  end_time_before?: bigint;
  statuses: readonly ResultStatus[];
  worker_ids: readonly WorkerId[];
}

export interface DeleteJobResultBulkResponse {
  deleted_count: bigint;
}

/** A chunk for a job under way. */
export interface FeedToStreamRequest {
  job_id?: JobId;
  /** A message of the method's feed schema. */
  data: Uint8Array;
  /** No more chunks follow. */
  is_final: boolean;
}

export interface FeedToStreamResponse {
  /** The chunk has its place in the feed buffer. */
  accepted: boolean;
}

export interface FindChannelListResponse {
  channels: readonly ChannelInfo[];
}

export interface FindInstanceChannelListResponse {
  channels: readonly InstanceChannelInfo[];
}

export interface FindInstanceListRequest {
  channel?: string;
  /** True if not set. */
  active_only?: boolean;
}

export interface FindJobProcessingStatusRequest {
  status?: JobProcessingStatus;
  worker_id?: bigint;
  channel?: string;
  /** Only jobs that have been running for longer. */
  min_elapsed_time_ms?: bigint;
  /** 100 if not set, 1000 at most. */
  limit?: number;
  offset?: number;
  /** Newest first; so too if not set. */
  descending?: boolean;
}

export interface FindJobResultListRequest {
  worker_ids: readonly WorkerId[];
  statuses: readonly ResultStatus[];
  /** Times are milliseconds since 1970. */
  start_time_from?: bigint;
  start_time_to?: bigint;
  end_time_from?: bigint;
  end_time_to?: bigint;
  priorities: readonly Priority[];
  uniq_key?: string;
  /** 100 if not set, 1000 at most. */
  limit?: number;
  /** 10000 at most. */
  offset?: bigint;
  /** END_TIME if not set. */
  sort_by?: JobResultSortField;
  /** Descending if not set. */
  ascending?: boolean;
}

export interface FindListByJobIdRequest {
  job_id?: JobId;
}

export interface FindListRequest {
  /** Most rows to answer; not set: all. */
  limit?: number;
  /** Rows to skip. */
  offset?: bigint;
}

export interface FindListWithProcessingStatusRequest {
  status: JobProcessingStatus;
  limit?: number;
}

export interface FindQueueListRequest {
  limit?: number;
  channel?: string;
}

export interface FindRunnerListRequest {
  runner_types: readonly RunnerType[];
  /** Names that begin so. */
  name_filter?: string;
  /** 100 if not set, 1000 at most. */
  limit?: number;
  /** 10000 at most. */
  offset?: bigint;
  /** ID if not set. */
  sort_by?: RunnerSortField;
  /** Descending if not set. */
  ascending?: boolean;
}

export interface FindWorkerListRequest {
  runner_types: readonly RunnerType[];
  channel?: string;
  limit?: number;
  offset?: bigint;
  /** Names that begin so. */
  name_filter?: string;
  /** Only periodic workers, or only others. */
  is_periodic?: boolean;
  runner_ids: readonly RunnerId[];
  sort_by?: WorkerSortField;
  /** Descending if not set. */
  ascending?: boolean;
}

export interface InstanceChannelInfo {
  name: string;
  total_concurrency: number;
  active_instances: number;
  worker_count: bigint;
}

export interface JobAndStatus {
  job?: Job;
  status?: JobProcessingStatus;
}

export interface JobProcessingStatusCount {
  status: JobProcessingStatus;
  count: bigint;
}

export interface JobProcessingStatusDetailResponse {
  id?: JobId;
  status: JobProcessingStatus;
  worker_id: bigint;
  channel: string;
  priority: number;
  /** Times are milliseconds since 1970. */
  enqueue_time: bigint;
  start_time?: bigint;
  pending_time?: bigint;
  is_streamable?: boolean;
  broadcast_results?: boolean;
  /** When the index row was written. */
  updated_at: bigint;
}

export interface JobProcessingStatusResponse {
  id?: JobId;
  status: JobProcessingStatus;
}

/** A job to run. */
export interface JobRequest {
  /** One of the two has to be set. */
  worker_id?: WorkerId;
  worker_name?: string;
  /** A message of the method's args schema. */
  args: Uint8Array;
  /** No two jobs with the same key are in the queue at once. */
  uniq_key?: string;
  /** Milliseconds since 1970. */
  run_after_time?: bigint;
  priority?: Priority;
  /** Longest run, milliseconds. */
  timeout?: bigint;
  /** The method. May be left out where the runner has one only. */
  using?: string;
  overrides?: JobExecutionOverrides;
}

export interface JobRestoreRequest {
  /** Jobs that a process holds, too: they may run twice. */
  include_grabbed?: boolean;
  limit?: number;
}

export interface ListenByWorkerRequest {
  worker_id?: WorkerId;
  worker_name?: string;
}

export interface ListenRequest {
  job_id?: JobId;
  worker_id?: WorkerId;
  worker_name?: string;
  /** Longest wait, milliseconds. */
  timeout?: bigint;
  /** The job's method. */
  using?: string;
}

export interface LoadWorkerRequest {
  /** One of the two has to be set. */
  worker_id?: WorkerId;
  name?: string;
  /** Longest wait, milliseconds. */
  timeout_ms?: bigint;
}

export interface OptionalJobProcessingStatusResponse {
  status?: JobProcessingStatus;
}

export interface OptionalJobResponse {
  data?: Job;
}

export interface OptionalJobResultResponse {
  data?: JobResult;
}

export interface OptionalRunnerResponse {
  data?: Runner;
}

export interface OptionalWorkerResponse {
  data?: Worker;
}

export interface PurgeStaleJobsRequest {
  /** Rows that were not written for so long. */
  stale_threshold_hours: bigint;
  /** Only rows whose job is in neither queue nor store. */
  orphaned_only?: boolean;
}

export interface PurgeStaleJobsResponse {
  marked_count: bigint;
  /** Milliseconds since 1970. */
  cutoff_time: bigint;
  message: string;
}

export interface ReleaseStaticWorkerRequest {
  /** Neither set: all workers. */
  worker_id?: WorkerId;
  name?: string;
}

export interface RunnerNameRequest {
  name: string;
}

export interface SuccessResponse {
  is_success: boolean;
}

export interface WorkerNameRequest {
  name: string;
}

/** Where the connection of an id is to be had. */
export interface ConnInfo {
  service_id: number;
  /** "unix" or "tcp". */
  network: string;
  address: string;
  knock?: Knock;
}

/** Only where connections are multiplexed, which this host does not ask for. */
export interface Knock {
  knock: boolean;
  ack: boolean;
  error: string;
}

export type GoPluginEmpty = Record<never, never>;

export interface StdioData {
  channel: GoPluginChannel;
  data: Uint8Array;
}

/** Every message by its full name. */
export interface Messages {
  'bulkhead.admin.v1.Channel': Channel;
  'bulkhead.admin.v1.ListChannelsRequest': ListChannelsRequest;
  'bulkhead.admin.v1.ListChannelsResponse': ListChannelsResponse;
  'bulkhead.admin.v1.SetConcurrencyRequest': SetConcurrencyRequest;
  'bulkhead.admin.v1.SetConcurrencyResponse': SetConcurrencyResponse;
  'bulkhead.plugin.v1.ListUploadsRequest': ListUploadsRequest;
  'bulkhead.plugin.v1.ListUploadsResponse': ListUploadsResponse;
  'bulkhead.plugin.v1.RemoveUploadRequest': RemoveUploadRequest;
  'bulkhead.plugin.v1.RemoveUploadResponse': RemoveUploadResponse;
  'bulkhead.plugin.v1.UploadHead': UploadHead;
  'bulkhead.plugin.v1.UploadRequest': UploadRequest;
  'bulkhead.plugin.v1.UploadResponse': UploadResponse;
  'bulkhead.plugin.v1.UploadedPlugin': UploadedPlugin;
  'bulkhead.process.v1.Begun': Begun;
  'bulkhead.process.v1.Call': Call;
  'bulkhead.process.v1.CancelRequest': CancelRequest;
  'bulkhead.process.v1.CancelResponse': CancelResponse;
  'bulkhead.process.v1.DescribeRequest': DescribeRequest;
  'bulkhead.process.v1.DescribeResponse': DescribeResponse;
  'bulkhead.process.v1.Failure': Failure;
  'bulkhead.process.v1.FeedChunk': FeedChunk;
  'bulkhead.process.v1.LoadRequest': LoadRequest;
  'bulkhead.process.v1.LoadResponse': LoadResponse;
  'bulkhead.process.v1.Method': Method;
  'bulkhead.process.v1.RunResponse': RunResponse;
  'bulkhead.process.v1.StreamRequest': StreamRequest;
  'bulkhead.process.v1.StreamResponse': StreamResponse;
  'jobworkerp.data.ChannelConfig': ChannelConfig;
  'jobworkerp.data.Empty': Empty;
  'jobworkerp.data.FeedDataTransport': FeedDataTransport;
  'jobworkerp.data.ForItemFailedEvent': ForItemFailedEvent;
  'jobworkerp.data.Job': Job;
  'jobworkerp.data.JobCompletedEvent': JobCompletedEvent;
  'jobworkerp.data.JobData': JobData;
  'jobworkerp.data.JobExecutionOverrides': JobExecutionOverrides;
  'jobworkerp.data.JobId': JobId;
  'jobworkerp.data.JobInternal': JobInternal;
  'jobworkerp.data.JobResult': JobResult;
  'jobworkerp.data.JobResultData': JobResultData;
  'jobworkerp.data.JobResultId': JobResultId;
  'jobworkerp.data.JobStartedEvent': JobStartedEvent;
  'jobworkerp.data.MethodJsonSchema': MethodJsonSchema;
  'jobworkerp.data.MethodJsonSchemaMap': MethodJsonSchemaMap;
  'jobworkerp.data.MethodProtoMap': MethodProtoMap;
  'jobworkerp.data.MethodSchema': MethodSchema;
  'jobworkerp.data.ResultOutput': ResultOutput;
  'jobworkerp.data.ResultOutputItem': ResultOutputItem;
  'jobworkerp.data.RetryPolicy': RetryPolicy;
  'jobworkerp.data.Runner': Runner;
  'jobworkerp.data.RunnerData': RunnerData;
  'jobworkerp.data.RunnerId': RunnerId;
  'jobworkerp.data.StreamingDataEvent': StreamingDataEvent;
  'jobworkerp.data.TaskCompletedEvent': TaskCompletedEvent;
  'jobworkerp.data.TaskStartedEvent': TaskStartedEvent;
  'jobworkerp.data.Trailer': Trailer;
  'jobworkerp.data.Worker': Worker;
  'jobworkerp.data.WorkerData': WorkerData;
  'jobworkerp.data.WorkerId': WorkerId;
  'jobworkerp.data.WorkerInstance': WorkerInstance;
  'jobworkerp.data.WorkerInstanceData': WorkerInstanceData;
  'jobworkerp.data.WorkerInstanceId': WorkerInstanceId;
  'jobworkerp.data.WorkflowEvent': WorkflowEvent;
  'jobworkerp.function.data.FunctionCallOptions': FunctionCallOptions;
  'jobworkerp.function.data.FunctionExecutionInfo': FunctionExecutionInfo;
  'jobworkerp.function.data.FunctionId': FunctionId;
  'jobworkerp.function.data.FunctionResult': FunctionResult;
  'jobworkerp.function.data.FunctionSet': FunctionSet;
  'jobworkerp.function.data.FunctionSetData': FunctionSetData;
  'jobworkerp.function.data.FunctionSetDetail': FunctionSetDetail;
  'jobworkerp.function.data.FunctionSetDetailData': FunctionSetDetailData;
  'jobworkerp.function.data.FunctionSetId': FunctionSetId;
  'jobworkerp.function.data.FunctionSpecs': FunctionSpecs;
  'jobworkerp.function.data.FunctionUsing': FunctionUsing;
  'jobworkerp.function.data.MethodSchema': FunctionMethodSchema;
  'jobworkerp.function.data.MethodSchemaMap': MethodSchemaMap;
  'jobworkerp.function.data.ToolAnnotations': ToolAnnotations;
  'jobworkerp.function.data.WorkerOptions': WorkerOptions;
  'jobworkerp.function.service.CreateFunctionSetResponse': CreateFunctionSetResponse;
  'jobworkerp.function.service.CreateWorkerRequest': CreateWorkerRequest;
  'jobworkerp.function.service.CreateWorkerResponse': FunctionCreateWorkerResponse;
  'jobworkerp.function.service.FindByNameRequest': FindByNameRequest;
  'jobworkerp.function.service.FindFunctionByNameRequest': FindFunctionByNameRequest;
  'jobworkerp.function.service.FindFunctionRequest': FindFunctionRequest;
  'jobworkerp.function.service.FindFunctionSetRequest': FindFunctionSetRequest;
  'jobworkerp.function.service.FunctionCallRequest': FunctionCallRequest;
  'jobworkerp.function.service.OptionalFunctionSetDetailResponse': OptionalFunctionSetDetailResponse;
  'jobworkerp.function.service.OptionalFunctionSetResponse': OptionalFunctionSetResponse;
  'jobworkerp.function.service.OptionalFunctionSpecsResponse': OptionalFunctionSpecsResponse;
  'jobworkerp.function.service.RunnerParameters': RunnerParameters;
  'jobworkerp.service.ChannelInfo': ChannelInfo;
  'jobworkerp.service.CleanupRequest': CleanupRequest;
  'jobworkerp.service.CleanupResponse': CleanupResponse;
  'jobworkerp.service.ClientStreamRequest': ClientStreamRequest;
  'jobworkerp.service.CountCondition': CountCondition;
  'jobworkerp.service.CountInstanceResponse': CountInstanceResponse;
  'jobworkerp.service.CountJobProcessingStatusRequest': CountJobProcessingStatusRequest;
  'jobworkerp.service.CountJobProcessingStatusResponse': CountJobProcessingStatusResponse;
  'jobworkerp.service.CountJobResultRequest': CountJobResultRequest;
  'jobworkerp.service.CountResponse': CountResponse;
  'jobworkerp.service.CountRunnerRequest': CountRunnerRequest;
  'jobworkerp.service.CountWorkerRequest': CountWorkerRequest;
  'jobworkerp.service.CreateJobResponse': CreateJobResponse;
  'jobworkerp.service.CreateRunnerRequest': CreateRunnerRequest;
  'jobworkerp.service.CreateRunnerResponse': CreateRunnerResponse;
  'jobworkerp.service.CreateWorkerResponse': CreateWorkerResponse;
  'jobworkerp.service.DeleteJobResultBulkRequest': DeleteJobResultBulkRequest;
  'jobworkerp.service.DeleteJobResultBulkResponse': DeleteJobResultBulkResponse;
  'jobworkerp.service.FeedToStreamRequest': FeedToStreamRequest;
  'jobworkerp.service.FeedToStreamResponse': FeedToStreamResponse;
  'jobworkerp.service.FindChannelListResponse': FindChannelListResponse;
  'jobworkerp.service.FindInstanceChannelListResponse': FindInstanceChannelListResponse;
  'jobworkerp.service.FindInstanceListRequest': FindInstanceListRequest;
  'jobworkerp.service.FindJobProcessingStatusRequest': FindJobProcessingStatusRequest;
  'jobworkerp.service.FindJobResultListRequest': FindJobResultListRequest;
  'jobworkerp.service.FindListByJobIdRequest': FindListByJobIdRequest;
  'jobworkerp.service.FindListRequest': FindListRequest;
  'jobworkerp.service.FindListWithProcessingStatusRequest': FindListWithProcessingStatusRequest;
  'jobworkerp.service.FindQueueListRequest': FindQueueListRequest;
  'jobworkerp.service.FindRunnerListRequest': FindRunnerListRequest;
  'jobworkerp.service.FindWorkerListRequest': FindWorkerListRequest;
  'jobworkerp.service.InstanceChannelInfo': InstanceChannelInfo;
  'jobworkerp.service.JobAndStatus': JobAndStatus;
  'jobworkerp.service.JobProcessingStatusCount': JobProcessingStatusCount;
  'jobworkerp.service.JobProcessingStatusDetailResponse': JobProcessingStatusDetailResponse;
  'jobworkerp.service.JobProcessingStatusResponse': JobProcessingStatusResponse;
  'jobworkerp.service.JobRequest': JobRequest;
  'jobworkerp.service.JobRestoreRequest': JobRestoreRequest;
  'jobworkerp.service.ListenByWorkerRequest': ListenByWorkerRequest;
  'jobworkerp.service.ListenRequest': ListenRequest;
  'jobworkerp.service.LoadWorkerRequest': LoadWorkerRequest;
  'jobworkerp.service.OptionalJobProcessingStatusResponse': OptionalJobProcessingStatusResponse;
  'jobworkerp.service.OptionalJobResponse': OptionalJobResponse;
  'jobworkerp.service.OptionalJobResultResponse': OptionalJobResultResponse;
  'jobworkerp.service.OptionalRunnerResponse': OptionalRunnerResponse;
  'jobworkerp.service.OptionalWorkerResponse': OptionalWorkerResponse;
  'jobworkerp.service.PurgeStaleJobsRequest': PurgeStaleJobsRequest;
  'jobworkerp.service.PurgeStaleJobsResponse': PurgeStaleJobsResponse;
  'jobworkerp.service.ReleaseStaticWorkerRequest': ReleaseStaticWorkerRequest;
  'jobworkerp.service.RunnerNameRequest': RunnerNameRequest;
  'jobworkerp.service.SuccessResponse': SuccessResponse;
  'jobworkerp.service.WorkerNameRequest': WorkerNameRequest;
  'plugin.ConnInfo': ConnInfo;
  'plugin.ConnInfo.Knock': Knock;
  'plugin.Empty': GoPluginEmpty;
  'plugin.StdioData': StdioData;
}

/** Every service by its full name, with its RPCs. */
export interface Services {
  'bulkhead.admin.v1.ChannelService': {
    List: Rpc<ListChannelsRequest, ListChannelsResponse, false, false>;
    /** At once; where more jobs run, those above the number end first. The next start takes what is configured. */
    SetConcurrency: Rpc<SetConcurrencyRequest, SetConcurrencyResponse, false, false>;
  };
  'bulkhead.plugin.v1.PluginService': {
    /** Every check is made before anything is stored; a component that is refused leaves nothing behind. */
    Upload: Rpc<UploadRequest, UploadResponse, true, false>;
    List: Rpc<ListUploadsRequest, ListUploadsResponse, false, false>;
    /** The plugin is not served any more and its file is gone. Its workers stay. */
    Remove: Rpc<RemoveUploadRequest, RemoveUploadResponse, false, false>;
  };
  'bulkhead.process.v1.RunnerPlugin': {
    Describe: Rpc<DescribeRequest, DescribeResponse, false, false>;
    /** Once, before the first job. */
    Load: Rpc<LoadRequest, LoadResponse, false, false>;
    Run: Rpc<Call, RunResponse, false, false>;
    Stream: Rpc<StreamRequest, StreamResponse, true, true>;
    /** While a job runs. */
    Cancel: Rpc<CancelRequest, CancelResponse, false, false>;
  };
  'jobworkerp.function.service.FunctionService': {
    FindList: Rpc<FindFunctionRequest, FunctionSpecs, false, true>;
    FindListBySet: Rpc<FindFunctionSetRequest, FunctionSpecs, false, true>;
    Call: Rpc<FunctionCallRequest, FunctionResult, false, true>;
    Find: Rpc<FunctionUsing, OptionalFunctionSpecsResponse, false, false>;
    FindByName: Rpc<FindFunctionByNameRequest, OptionalFunctionSpecsResponse, false, false>;
    CreateWorker: Rpc<CreateWorkerRequest, FunctionCreateWorkerResponse, false, false>;
    UpsertWorker: Rpc<CreateWorkerRequest, FunctionCreateWorkerResponse, false, false>;
  };
  'jobworkerp.function.service.FunctionSetService': {
    Create: Rpc<FunctionSetData, CreateFunctionSetResponse, false, false>;
    Update: Rpc<FunctionSet, SuccessResponse, false, false>;
    Delete: Rpc<FunctionSetId, SuccessResponse, false, false>;
    Find: Rpc<FunctionSetId, OptionalFunctionSetResponse, false, false>;
    FindByName: Rpc<FindByNameRequest, OptionalFunctionSetResponse, false, false>;
    FindList: Rpc<FindListRequest, FunctionSet, false, true>;
    Count: Rpc<CountCondition, CountResponse, false, false>;
    FindDetail: Rpc<FunctionSetId, OptionalFunctionSetDetailResponse, false, false>;
    FindDetailByName: Rpc<FindByNameRequest, OptionalFunctionSetDetailResponse, false, false>;
  };
  'jobworkerp.service.JobProcessingStatusService': {
    Find: Rpc<JobId, OptionalJobProcessingStatusResponse, false, false>;
    FindAll: Rpc<Empty, JobProcessingStatusResponse, false, true>;
    FindByCondition: Rpc<FindJobProcessingStatusRequest, JobProcessingStatusDetailResponse, false, true>;
    CountByCondition: Rpc<CountJobProcessingStatusRequest, CountJobProcessingStatusResponse, false, false>;
    /** Removes rows that were marked as deleted. */
    Cleanup: Rpc<CleanupRequest, CleanupResponse, false, false>;
    /** Marks rows that nothing keeps up to date any more. */
    PurgeStaleJobs: Rpc<PurgeStaleJobsRequest, PurgeStaleJobsResponse, false, false>;
  };
  'jobworkerp.service.JobRestoreService': {
    Restore: Rpc<JobRestoreRequest, SuccessResponse, false, false>;
    FindAll: Rpc<JobRestoreRequest, Job, false, true>;
  };
  'jobworkerp.service.JobResultService': {
    Delete: Rpc<JobResultId, SuccessResponse, false, false>;
    Find: Rpc<JobResultId, OptionalJobResultResponse, false, false>;
    /** Use FindListBy. */
    FindList: Rpc<FindListRequest, JobResult, false, true>;
    FindListByJobId: Rpc<FindListByJobIdRequest, JobResult, false, true>;
    /** Waits for the result of a job. */
    Listen: Rpc<ListenRequest, JobResult, false, false>;
    /** Follows the output of a streaming job. */
    ListenStream: Rpc<ListenRequest, ResultOutputItem, false, true>;
    /** Every result of a worker, from now on. */
    ListenByWorker: Rpc<ListenByWorkerRequest, JobResult, false, true>;
    /** Use CountBy. */
    Count: Rpc<CountCondition, CountResponse, false, false>;
    FindListBy: Rpc<FindJobResultListRequest, JobResult, false, true>;
    CountBy: Rpc<CountJobResultRequest, CountResponse, false, false>;
    DeleteBulk: Rpc<DeleteJobResultBulkRequest, DeleteJobResultBulkResponse, false, false>;
  };
  'jobworkerp.service.JobService': {
    /** Runs a job without streaming. DIRECT answers when it has ended, NO_RESULT at once. */
    Enqueue: Rpc<JobRequest, CreateJobResponse, false, false>;
    /** Runs a job and streams its output. */
    EnqueueForStream: Rpc<JobRequest, ResultOutputItem, false, true>;
    /** Runs a job, feeds it and streams its output. */
    EnqueueWithClientStream: Rpc<ClientStreamRequest, ResultOutputItem, true, true>;
    /**
     * Feeds a streaming job: the plugin guide's way, which later versions of jobworkerp-rs replaced by EnqueueWithClientStream.
     * The job has to be running and streaming, its worker use_static, its channel's concurrency 1, its method one that reads a feed.
     */
    FeedToStream: Rpc<FeedToStreamRequest, FeedToStreamResponse, false, false>;
    /** Takes a job out of the queue, or cancels it if it runs. */
    Delete: Rpc<JobId, SuccessResponse, false, false>;
    /** Jobs that are kept in the store. */
    Find: Rpc<JobId, OptionalJobResponse, false, false>;
    FindList: Rpc<FindListRequest, Job, false, true>;
    FindQueueList: Rpc<FindQueueListRequest, JobAndStatus, false, true>;
    FindListWithProcessingStatus: Rpc<FindListWithProcessingStatusRequest, JobAndStatus, false, true>;
    Count: Rpc<CountCondition, CountResponse, false, false>;
  };
  'jobworkerp.service.RunnerService': {
    Create: Rpc<CreateRunnerRequest, CreateRunnerResponse, false, false>;
    Delete: Rpc<RunnerId, SuccessResponse, false, false>;
    Find: Rpc<RunnerId, OptionalRunnerResponse, false, false>;
    FindByName: Rpc<RunnerNameRequest, OptionalRunnerResponse, false, false>;
    /** Use FindListBy. */
    FindList: Rpc<FindListRequest, Runner, false, true>;
    /** Use CountBy. */
    Count: Rpc<CountCondition, CountResponse, false, false>;
    FindListBy: Rpc<FindRunnerListRequest, Runner, false, true>;
    CountBy: Rpc<CountRunnerRequest, CountResponse, false, false>;
  };
  'jobworkerp.service.WorkerInstanceService': {
    FindList: Rpc<FindInstanceListRequest, WorkerInstance, false, true>;
    Count: Rpc<Empty, CountInstanceResponse, false, false>;
    Find: Rpc<WorkerInstanceId, WorkerInstance, false, false>;
    FindChannelList: Rpc<Empty, FindInstanceChannelListResponse, false, false>;
  };
  'jobworkerp.service.WorkerService': {
    Create: Rpc<WorkerData, CreateWorkerResponse, false, false>;
    /** Creates the worker, or changes the one of that name and keeps its id. */
    UpsertByName: Rpc<WorkerData, CreateWorkerResponse, false, false>;
    Update: Rpc<Worker, SuccessResponse, false, false>;
    Delete: Rpc<WorkerId, SuccessResponse, false, false>;
    Find: Rpc<WorkerId, OptionalWorkerResponse, false, false>;
    FindByName: Rpc<WorkerNameRequest, OptionalWorkerResponse, false, false>;
    FindList: Rpc<FindWorkerListRequest, Worker, false, true>;
    /** Use CountBy. */
    Count: Rpc<CountCondition, CountResponse, false, false>;
    CountBy: Rpc<CountWorkerRequest, CountResponse, false, false>;
    FindChannelList: Rpc<Empty, FindChannelListResponse, false, false>;
    /** Disposes of kept instances; the next job makes new ones. */
    ReleaseStaticWorker: Rpc<ReleaseStaticWorkerRequest, SuccessResponse, false, false>;
    /** Loads the runner with the worker's settings, to see whether they are right. */
    Load: Rpc<LoadWorkerRequest, SuccessResponse, false, false>;
  };
  'plugin.GRPCBroker': {
    StartStream: Rpc<ConnInfo, ConnInfo, true, true>;
  };
  'plugin.GRPCController': {
    /** Ends the process. It may end before it answers. */
    Shutdown: Rpc<GoPluginEmpty, GoPluginEmpty, false, false>;
  };
  'plugin.GRPCStdio': {
    /** What the process writes, once it serves. It has to be read: the process waits for its reader. */
    StreamStdio: Rpc<GoPluginEmpty, StdioData, false, true>;
  };
}
