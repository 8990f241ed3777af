// Package plugins is what the test plugins have in common: a runner, and how a process serves it to a Bulkhead host.
//
// It is written against go-plugin as anybody would write it who has read proto/bulkhead/process/v1/runner.proto.
package plugins

import (
	"context"
	"errors"
	"strings"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"bulkhead.test/plugins/wire/jobworkerp"
	"bulkhead.test/plugins/wire/process"
)

// Handshake is what host and plugin must agree on.
var Handshake = goplugin.HandshakeConfig{
	ProtocolVersion:  1,
	MagicCookieKey:   "BULKHEAD_PLUGIN",
	MagicCookieValue: "bulkhead.process.v1",
}

// The most bytes of one message.
const largestMessage = 256 << 20

// Runner is a plugin. A process is one of it.
type Runner interface {
	Describe() *process.DescribeResponse
	Load(settings []byte) error
	// Run answers the result and the metadata, also with an error.
	Run(ctx context.Context, call *process.Call) ([]byte, map[string]string, error)
	// Stream calls begun, then send for each chunk; feed has the chunks of the feed.
	Stream(call *process.Call, feed <-chan []byte, begun func() error, send func([]byte) error) error
	Cancel() bool
}

// Simple is a Runner that cannot stream; plugins embed it.
type Simple struct{}

// Load takes any settings.
func (Simple) Load([]byte) error { return nil }

// Stream is refused.
func (Simple) Stream(*process.Call, <-chan []byte, func() error, func([]byte) error) error {
	return errors.New("this plugin does not stream")
}

// Cancel does nothing.
func (Simple) Cancel() bool { return false }

// Causes makes an error of a message and its causes, the outermost first.
func Causes(texts ...string) error { return errors.New(strings.Join(texts, ": ")) }

// NonStreaming, Streaming and Both are how methods give their output.
var (
	NonStreaming = jobworkerp.StreamingOutputType_NON_STREAMING.Enum()
	Streaming    = jobworkerp.StreamingOutputType_STREAMING.Enum()
	Both         = jobworkerp.StreamingOutputType_BOTH.Enum()
)

// Plain describes a runner with the method `run`, which takes and gives plain bytes.
func Plain(name string) *process.DescribeResponse {
	methods := map[string]*process.Method{"run": {OutputType: NonStreaming}}
	return &process.DescribeResponse{Name: name, Methods: methods}
}

// Serve serves a runner; it returns when the host has ended the process.
func Serve(runner Runner) {
	ServeWith(Handshake, &RunnerPlugin{Runner: runner})
}

// ServeWith serves any plugin under any handshake.
func ServeWith(handshake goplugin.HandshakeConfig, plugin goplugin.Plugin) {
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         goplugin.PluginSet{"runner": plugin},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(largestMessage), grpc.MaxSendMsgSize(largestMessage))...)
		},
	})
}

// RunnerPlugin is the runner as go-plugin wants it.
type RunnerPlugin struct {
	goplugin.NetRPCUnsupportedPlugin
	Runner Runner
	// Extra, where it is set, registers what the plugin serves beside the runner.
	Extra func(*goplugin.GRPCBroker, *grpc.Server)
}

// GRPCServer registers the runner.
func (p *RunnerPlugin) GRPCServer(broker *goplugin.GRPCBroker, server *grpc.Server) error {
	process.RegisterRunnerPluginServer(server, &Service{runner: p.Runner})
	if p.Extra != nil {
		p.Extra(broker, server)
	}
	return nil
}

// GRPCClient is for hosts, and this is none.
func (p *RunnerPlugin) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.New("a plugin, not a host")
}

// Service is the runner on the wire.
type Service struct {
	process.UnimplementedRunnerPluginServer
	runner Runner
}

// NewService puts a runner on the wire, for plugins that serve without go-plugin.
func NewService(runner Runner) *Service { return &Service{runner: runner} }

// Describe says what the runner is.
func (s *Service) Describe(context.Context, *process.DescribeRequest) (*process.DescribeResponse, error) {
	return s.runner.Describe(), nil
}

// Load takes the worker's settings.
func (s *Service) Load(_ context.Context, request *process.LoadRequest) (*process.LoadResponse, error) {
	return &process.LoadResponse{Failure: failureOf(s.runner.Load(request.Settings))}, nil
}

// Run runs a job.
func (s *Service) Run(ctx context.Context, call *process.Call) (*process.RunResponse, error) {
	output, metadata, err := s.runner.Run(ctx, call)
	response := &process.RunResponse{Metadata: metadata, Outcome: &process.RunResponse_Output{Output: output}}
	if err != nil {
		response.Outcome = &process.RunResponse_Failure{Failure: failureOf(err)}
	}
	return response, nil
}

// Stream runs a job that streams.
func (s *Service) Stream(stream grpc.BidiStreamingServer[process.StreamRequest, process.StreamResponse]) error {
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	call := first.GetBegin()
	if call == nil {
		return errors.New("the stream does not begin with a call")
	}
	feed := make(chan []byte)
	go receive(stream, feed)
	begun := func() error {
		return stream.Send(&process.StreamResponse{Part: &process.StreamResponse_Begun{Begun: &process.Begun{}}})
	}
	send := func(chunk []byte) error {
		return stream.Send(&process.StreamResponse{Part: &process.StreamResponse_Chunk{Chunk: chunk}})
	}
	if err := s.runner.Stream(call, feed, begun, send); err != nil {
		return stream.Send(&process.StreamResponse{Part: &process.StreamResponse_Failure{Failure: failureOf(err)}})
	}
	return nil
}

// receive hands over what is fed, until the feed or the stream is over.
func receive(stream grpc.BidiStreamingServer[process.StreamRequest, process.StreamResponse], feed chan<- []byte) {
	defer close(feed)
	for {
		request, err := stream.Recv()
		if err != nil {
			return
		}
		chunk := request.GetFeed()
		if len(chunk.GetData()) > 0 {
			select {
			case feed <- chunk.Data:
			case <-stream.Context().Done():
				return
			}
		}
		if chunk.GetIsFinal() {
			return
		}
	}
}

// Cancel ends the job at hand.
func (s *Service) Cancel(context.Context, *process.CancelRequest) (*process.CancelResponse, error) {
	return &process.CancelResponse{IsCancelled: s.runner.Cancel()}, nil
}

func failureOf(err error) *process.Failure {
	if err == nil {
		return nil
	}
	return &process.Failure{Message: err.Error()}
}
