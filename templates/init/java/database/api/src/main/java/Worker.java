import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/** The worker: counts the words of new notes. Several of them may run at once. */
public final class Worker {
    private static final String TAKE =
            "SELECT id, text FROM notes WHERE words IS NULL ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED";

    public static void main(String[] args) throws SQLException, InterruptedException {
        try (Connection connection = DriverManager.getConnection(
                System.getenv("JDBC_URL"), System.getenv("DATABASE_USER"), System.getenv("DATABASE_PASSWORD"))) {
            connection.setAutoCommit(false);
            while (true) {
                if (!work(connection)) {
                    Thread.sleep(500);
                }
            }
        }
    }

    /** Counts one note; tells whether there was one. */
    private static boolean work(Connection connection) throws SQLException {
        try (PreparedStatement take = connection.prepareStatement(TAKE);
                ResultSet row = take.executeQuery()) {
            boolean found = row.next();
            if (found) {
                int words = row.getString("text").trim().split("\\s+").length;
                count(connection, row.getLong("id"), words);
                System.out.println("note " + row.getLong("id") + " has " + words + " words");
            }
            connection.commit();
            return found;
        }
    }

    private static void count(Connection connection, long id, int words) throws SQLException {
        try (PreparedStatement update = connection.prepareStatement("UPDATE notes SET words = ? WHERE id = ?")) {
            update.setInt(1, words);
            update.setLong(2, id);
            update.executeUpdate();
        }
    }
}
