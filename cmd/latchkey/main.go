package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"latchkey/internal/locale"
)

// Exit statuses of the contract.
const (
	exitClean   = 0
	exitBlocked = 1 // a blocker was found
	exitBroken  = 2 // could not run
)

// terminal is where a command speaks: documents on Out, messages on Err.
type terminal struct {
	In       io.Reader
	Out, Err io.Writer
	Lang     string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Hook is set by tests that kill the process at a named point.
	Hook func(string)
}

// cli are the commands.
type cli struct {
	Lang string `help:"Language of texts; codes never change. Available: ${languages}." placeholder:"TAG" env:"LATCHKEY_LANG"`

	Demo     demoCommand     `cmd:"" help:"The whole product on this computer with a pretended Microsoft; nothing to configure."`
	Walk     walkCommand     `cmd:"" help:"Walk the wizard through the scenarios of the lab, page by page."`
	Serve    serveCommand    `cmd:"" help:"The wizard, and the keeper of tokens."`
	Lab      labCommand      `cmd:"" help:"Only the pretended Microsoft."`
	Init     initCommand     `cmd:"" help:"Print the one-time link that makes the first administrator."`
	Setups   setupsCommand   `cmd:"" help:"List the setups."`
	Check    checkCommand    `cmd:"" help:"Run a setup's checks again."`
	Report   reportCommand   `cmd:"" help:"Write a setup's report."`
	Explain  explainCommand  `cmd:"" help:"Say what an error, an address, a transcript or a log excerpt means."`
	Findings findingsCommand `cmd:"" help:"List every finding the product can report."`
	Probe    probeCommand    `cmd:"" help:"Check the network from this host; prints a block to paste into the wizard."`
	Version  versionCommand  `cmd:"" help:"Version, commit, Go version, schema version."`
}

// blockedError ends a command with status 1 and no message of its own.
var errBlocked = errors.New("a blocker was found")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], terminal{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// exited carries an exit status that kong asks for (help).
type exited int

// run is main without the process: it returns the exit status.
func run(ctx context.Context, args []string, t terminal) (status int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case exited:
			status = int(r)
		default: // a fault of ours must not look like success
			panic(r)
		}
	}()
	var c cli
	catalog, err := locale.Load()
	if err != nil {
		_, _ = fmt.Fprintln(t.Err, "latchkey:", err)
		return exitBroken
	}
	languages := strings.Join(catalog.Tags(), ", ")
	parser, err := kong.New(&c, kong.Vars{"languages": languages},
		kong.Name("latchkey"),
		kong.Description("Connects an Exchange Online mailbox with OAuth2 and keeps it connected. Start with: latchkey demo\n\n"+
			"Exit status: 0 nothing stands in the way, 1 a blocker was found, 2 the command could not run. "+
			"JSON documents have the key schema; keys may be added, and never change their meaning within a schema."),
		kong.UsageOnError(), kong.Writers(t.Out, t.Err),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		_, _ = fmt.Fprintln(t.Err, "latchkey:", err)
		return exitBroken
	}
	chosen, err := parser.Parse(args)
	if err != nil {
		_, _ = fmt.Fprintln(t.Err, "latchkey:", misuse(args, err))
		return exitBroken
	}
	if t.Lang = c.Lang; t.Lang != "" && !speaks(catalog, t.Lang) {
		_, _ = fmt.Fprintf(t.Err, "latchkey: --lang %q: there is no such language; available: %s\n", c.Lang, languages)
		return exitBroken
	}
	if t.Now == nil {
		t.Now = time.Now
	}
	err = chosen.Run(t)
	switch {
	case err == nil:
		return exitClean
	case errors.Is(err, errBlocked):
		return exitBlocked
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		err = errors.New("stopped before the end")
	}
	_, _ = fmt.Fprintln(t.Err, "latchkey:", err)
	return exitBroken
}

// speaks reports whether there are texts in a language, whatever its region.
func speaks(catalog *locale.Catalog, tag string) bool {
	language := func(tag string) string {
		first, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(tag), "_", "-"), "-")
		return first
	}
	return slices.ContainsFunc(catalog.Tags(), func(have string) bool { return language(have) == language(tag) })
}

// misuse says what was wrong with the words of the command, and where to read
// how they are meant.
func misuse(args []string, err error) string {
	if len(args) == 0 {
		return "no command was given. Start with: latchkey demo. All commands: latchkey --help"
	}
	help := "latchkey --help"
	var wrong *kong.ParseError
	if errors.As(err, &wrong) {
		if command := wrong.Context.Selected(); command != nil {
			help = "latchkey " + command.Name + " --help"
		}
	}
	return err.Error() + ". Help: " + help
}

// printer speaks the chosen language, English by default: a terminal's output
// is read by programs' authors too, so the environment's locale does not
// change it.
func (t terminal) printer() (*locale.Printer, error) {
	catalog, err := locale.Load()
	if err != nil {
		return nil, err
	}
	return catalog.Printer(t.Lang), nil
}
