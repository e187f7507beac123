package bench

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// Mail is a message as it lies in a mailbox.
type Mail struct {
	Raw   string
	Flags string // Maildir's letters: S seen, R replied, F flagged, T trashed, D draft
	New   bool   // no client has opened the mailbox for writing since
}

// Deliver puts a message into a mailbox.
func (d *Dovecot) Deliver(t testing.TB, mailbox, raw string) {
	t.Helper()
	if err := d.deliver(mailbox, raw); err != nil {
		t.Fatalf("bench: %v", err)
	}
}

// Mails returns the messages of a mailbox in no particular order.
func (d *Dovecot) Mails(t testing.TB, mailbox string) []Mail {
	t.Helper()
	var mails []Mail
	for _, folder := range []string{"new", "cur"} {
		files, err := os.ReadDir(filepath.Join(d.maildir(mailbox), folder))
		if err != nil {
			t.Fatalf("bench: %v", err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(filepath.Join(d.maildir(mailbox), folder, f.Name()))
			if err != nil {
				t.Fatalf("bench: %v", err)
			}
			_, flags, _ := strings.Cut(f.Name(), ":2,")
			mails = append(mails, Mail{strings.ReplaceAll(string(raw), "\r\n", "\n"), flags, folder == "new"})
		}
	}
	return mails
}

func (d *Dovecot) maildir(mailbox string) string { return d.path(filepath.Join("mail", mailbox)) }

func (d *Dovecot) makeMailboxes(t testing.TB) {
	t.Helper()
	for _, u := range d.users {
		for _, dir := range []string{"", "tmp", "new", "cur"} {
			path := filepath.Join(d.maildir(u), dir)
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatalf("bench: %v", err)
			}
			d.owner.give(t, path, d.owner.Mail)
		}
	}
}

var delivered atomic.Int64

// deliver writes to tmp and moves to new, so that no reader sees half a
// message.
func (d *Dovecot) deliver(mailbox, raw string) error {
	name := fmt.Sprintf("%d.%d.bench", os.Getpid(), delivered.Add(1))
	temporary := filepath.Join(d.maildir(mailbox), "tmp", name)
	if err := os.WriteFile(temporary, []byte(raw), 0o600); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	if d.owner.Root {
		if err := chown(temporary, d.owner.Mail); err != nil {
			return fmt.Errorf("deliver: %w", err)
		}
	}
	if err := os.Rename(temporary, filepath.Join(d.maildir(mailbox), "new", name)); err != nil {
		return fmt.Errorf("deliver: %w", err)
	}
	return nil
}

func chown(path, name string) error {
	u, err := user.Lookup(name)
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return err
	}
	return os.Chown(path, uid, gid)
}
