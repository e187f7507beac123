package store

import (
	"time"

	"latchkey/internal/setup"
	"latchkey/internal/wizard"
)

func (t *tx) SaveNode(n wizard.Node) error {
	_, err := t.exec("save node", `INSERT INTO nodes (name, role, seen_at) VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET role = excluded.role, seen_at = excluded.seen_at`,
		n.Name, n.Role, n.Seen.UnixMilli())
	return err
}

func (t *tx) Nodes(since time.Time) ([]wizard.Node, error) {
	return many(t, "nodes", func(row scanner) (n wizard.Node, err error) {
		return n, row.Scan(&n.Name, &n.Role, instant{&n.Seen})
	}, `SELECT name, role, seen_at FROM nodes WHERE seen_at >= ? ORDER BY name`, since.UnixMilli())
}

func (t *tx) AskNetwork(id setup.ID, now time.Time) error {
	_, err := t.exec("ask network", `INSERT INTO network_asks (setup_id, asked_at) VALUES (?, ?)
		ON CONFLICT (setup_id) DO UPDATE SET asked_at = max(asked_at, excluded.asked_at)`, id, now.UnixMilli())
	return err
}

func (t *tx) NetworkAsks(since time.Time) ([]wizard.NetworkAsk, error) {
	return many(t, "network asks", func(row scanner) (a wizard.NetworkAsk, err error) {
		return a, row.Scan(&a.Setup, instant{&a.At})
	}, `SELECT setup_id, asked_at FROM network_asks WHERE asked_at >= ? ORDER BY asked_at`, since.UnixMilli())
}
