package storetest

import (
	"errors"
	"testing"
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

func nodes(t *testing.T, s Stores) {
	one := wizard.Node{Name: "APP01", Role: setup.RoleApplication, Seen: at(0)}
	two := wizard.Node{Name: "SVC01", Role: setup.RoleServices, Seen: at(5)}
	update(t, s.Wizard, func(tx wizard.Tx) error { return errors.Join(tx.SaveNode(two), tx.SaveNode(one)) })
	expect := func(what string, since time.Time, want ...wizard.Node) {
		t.Helper()
		view(t, s.Wizard, func(tx wizard.Tx) error {
			got, err := tx.Nodes(since)
			same(t, what, want, got)
			return err
		})
	}
	expect("all nodes", at(0), one, two)
	expect("nodes seen since", at(1), two)
	one.Name, one.Seen, one.Role = "app01", at(9), setup.RoleAll
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.SaveNode(one) })
	one.Name = "APP01" // names of machines have no case; the first spelling stays
	expect("nodes after another sign", at(0), one, two)
}

func networkAsks(t *testing.T, s Stores) {
	insert(t, s, "one")
	insert(t, s, "two")
	update(t, s.Wizard, func(tx wizard.Tx) error {
		return errors.Join(tx.AskNetwork("one", at(1)), tx.AskNetwork("two", at(2)), tx.AskNetwork("one", at(7)), tx.AskNetwork("two", at(0)))
	})
	expect := func(what string, since time.Time, want ...wizard.NetworkAsk) {
		t.Helper()
		view(t, s.Wizard, func(tx wizard.Tx) error {
			got, err := tx.NetworkAsks(since)
			same(t, what, want, got)
			return err
		})
	}
	expect("the newest wish of each setup", at(0), wizard.NetworkAsk{Setup: "two", At: at(2)}, wizard.NetworkAsk{Setup: "one", At: at(7)})
	expect("wishes since", at(3), wizard.NetworkAsk{Setup: "one", At: at(7)})
	update(t, s.Wizard, func(tx wizard.Tx) error { return tx.DeleteSetup("one") })
	expect("wishes after the setup was deleted", at(3))
}
