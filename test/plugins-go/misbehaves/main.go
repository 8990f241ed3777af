// Misbehaves in the way that the end of its own file names: tests append `mode=NAME` to a copy of it. Without one it
// behaves, and its method `run` answers what its argument asks for.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"regexp"
	"sort"
	"strings"
	"syscall"
	"time"

	goplugin "github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"bulkhead.test/plugins"
	"bulkhead.test/plugins/wire/process"
)

func mode() string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	bytes, err := os.ReadFile(self)
	if err != nil {
		panic(err)
	}
	found := regexp.MustCompile(`\x00mode=([a-z-]+)$`).FindSubmatch(bytes[len(bytes)-min(len(bytes), 64):])
	if found == nil {
		return ""
	}
	return string(found[1])
}

type runner struct {
	plugins.Simple
	broker   *goplugin.GRPCBroker
	canceled chan struct{}
}

func (*runner) Describe() *process.DescribeResponse { return plugins.Plain("Misbehaves") }

func (r *runner) Run(ctx context.Context, call *process.Call) ([]byte, map[string]string, error) {
	switch what, rest, _ := strings.Cut(string(call.Args), " "); what {
	case "env":
		names := os.Environ()
		sort.Strings(names)
		return []byte(strings.Join(names, "\n")), nil, nil
	case "descriptors":
		return descriptors()
	case "fork":
		return fork()
	case "litter":
		return nil, nil, os.WriteFile(os.TempDir()+"/litter", []byte(rest), 0o600)
	case "flood":
		line := strings.Repeat("x", 99)
		for range 10_000 {
			fmt.Println(line)
			fmt.Fprintln(os.Stderr, line)
		}
		return []byte("flooded"), nil, nil
	case "stderr":
		fmt.Fprintln(os.Stderr, rest)
		time.Sleep(200 * time.Millisecond) // until it has left this process
	case "exit":
		os.Exit(4)
	case "tidy":
		return r.tidy(rest)
	case "broker":
		return r.callBack(ctx, rest)
	}
	return call.Args, nil, nil
}

// tidy works until it is cancelled, and then takes its time to write a file.
func (r *runner) tidy(path string) ([]byte, map[string]string, error) {
	<-r.canceled
	time.Sleep(300 * time.Millisecond)
	return nil, nil, os.WriteFile(path, []byte("tidied up"), 0o600)
}

func (r *runner) Cancel() bool {
	close(r.canceled)
	return true
}

// descriptors are the files that the process was born with.
func descriptors() ([]byte, map[string]string, error) {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return nil, nil, err
	}
	var found []string
	for _, entry := range entries {
		target, err := os.Readlink("/proc/self/fd/" + entry.Name())
		if err == nil {
			found = append(found, target)
		}
	}
	return []byte(strings.Join(found, "\n")), nil, nil
}

// fork starts a process that would outlive this one.
func fork() ([]byte, map[string]string, error) {
	command := exec.Command("sleep", "1000")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	err := command.Start()
	if err != nil {
		return nil, nil, err
	}
	return []byte(fmt.Sprint(command.Process.Pid)), nil, nil
}

// callBack dials the host's runner under an id and runs a job there; and serves one itself under id + 1.
func (r *runner) callBack(ctx context.Context, text string) ([]byte, map[string]string, error) {
	var id uint32
	if _, err := fmt.Sscan(text, &id); err != nil {
		return nil, nil, err
	}
	go r.broker.AcceptAndServe(id+1, func(options []grpc.ServerOption) *grpc.Server {
		server := grpc.NewServer(options...)
		process.RegisterRunnerPluginServer(server, plugins.NewService(&runner{}))
		return server
	})
	connection, err := r.broker.Dial(id)
	if err != nil {
		return nil, nil, err
	}
	defer connection.Close()
	answer, err := process.NewRunnerPluginClient(connection).Run(ctx, &process.Call{Args: []byte("from the plugin")})
	if err != nil {
		return nil, nil, err
	}
	return answer.GetOutput(), nil, nil
}

type other struct{ plugins.RunnerPlugin }

// GRPCServer serves nothing of ours.
func (*other) GRPCServer(*goplugin.GRPCBroker, *grpc.Server) error { return nil }

func serve() {
	r := &runner{canceled: make(chan struct{})}
	extra := func(broker *goplugin.GRPCBroker, _ *grpc.Server) { r.broker = broker }
	plugins.ServeWith(plugins.Handshake, &plugins.RunnerPlugin{Runner: r, Extra: extra})
}

func main() {
	handshake := plugins.Handshake
	switch mode() {
	case "":
		serve()
	case "cookie":
		handshake.MagicCookieValue = "another"
		plugins.ServeWith(handshake, &plugins.RunnerPlugin{Runner: &runner{}})
	case "version":
		handshake.ProtocolVersion = 7
		plugins.ServeWith(handshake, &plugins.RunnerPlugin{Runner: &runner{}})
	case "core":
		fmt.Println("2|1|unix|/tmp/none|grpc|")
		time.Sleep(time.Hour)
	case "malformed":
		fmt.Println("hello, I am a plugin")
		time.Sleep(time.Hour)
	case "netrpc":
		fmt.Println("1|1|unix|/tmp/none|netrpc|")
		time.Sleep(time.Hour)
	case "elsewhere":
		fmt.Println("1|1|unix|/var/run/other.sock|grpc|")
		time.Sleep(time.Hour)
	case "foreign":
		fmt.Println("1|1|tcp|192.0.2.1:80|grpc|")
		time.Sleep(time.Hour)
	case "open-port":
		fmt.Println("1|1|tcp|127.0.0.1:1|grpc|")
		time.Sleep(time.Hour)
	case "bad-certificate":
		fmt.Printf("1|1|unix|%s/s|grpc|AAAA\n", os.Getenv("PLUGIN_UNIX_SOCKET_DIR"))
		time.Sleep(time.Hour)
	case "nobody":
		fmt.Printf("1|1|unix|%s/s|grpc|\n", os.Getenv("PLUGIN_UNIX_SOCKET_DIR"))
		time.Sleep(time.Hour)
	case "silent":
		fmt.Fprintln(os.Stderr, "waiting for the moon")
		time.Sleep(time.Hour)
	case "exits":
		fmt.Fprintln(os.Stderr, "no licence found")
		os.Exit(3)
	case "panics":
		panic(errors.New("no place to be"))
	case "not-a-runner":
		plugins.ServeWith(handshake, &other{})
	case "deaf":
		signal.Ignore(syscall.SIGTERM, syscall.SIGINT)
		serve()
		time.Sleep(time.Hour)
	case "tcp":
		serveTCP()
	}
}
