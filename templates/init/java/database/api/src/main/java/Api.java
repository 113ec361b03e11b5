import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.StringJoiner;
import java.util.concurrent.Executors;

/** The API: notes over PostgreSQL. */
public final class Api {
    private static final String COLUMNS = "json_build_object('id', id, 'text', text, 'words', words)";

    private interface Route {
        void answer(HttpExchange exchange) throws IOException, SQLException;
    }

    public static void main(String[] args) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.setExecutor(Executors.newFixedThreadPool(8));
        route(server, "/healthz", Api::health);
        route(server, "/notes", exchange -> {
            switch (exchange.getRequestMethod()) {
                case "GET" -> list(exchange);
                case "POST" -> add(exchange);
                default -> send(exchange, 405, "{\"error\": \"GET or POST\"}");
            }
        });
        server.start();
        System.out.println("listening on :8080");
    }

    static Connection database() throws SQLException {
        return DriverManager.getConnection(
                System.getenv("JDBC_URL"), System.getenv("DATABASE_USER"), System.getenv("DATABASE_PASSWORD"));
    }

    private static void health(HttpExchange exchange) throws IOException, SQLException {
        try (Connection connection = database();
                PreparedStatement select = connection.prepareStatement("SELECT 1 FROM notes LIMIT 1")) {
            select.execute();
        }
        exchange.sendResponseHeaders(204, -1);
    }

    private static void list(HttpExchange exchange) throws IOException, SQLException {
        StringJoiner notes = new StringJoiner(", ", "[", "]");
        try (Connection connection = database();
                PreparedStatement select =
                        connection.prepareStatement("SELECT " + COLUMNS + " FROM notes ORDER BY id");
                ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
                notes.add(rows.getString(1));
            }
        }
        send(exchange, 200, notes.toString());
    }

    private static void add(HttpExchange exchange) throws IOException, SQLException {
        String form = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (!form.startsWith("text=")) {
            send(exchange, 400, "{\"error\": \"text is missing\"}");
            return;
        }
        String text = URLDecoder.decode(form.substring("text=".length()), StandardCharsets.UTF_8);
        try (Connection connection = database();
                PreparedStatement insert =
                        connection.prepareStatement("INSERT INTO notes (text) VALUES (?) RETURNING " + COLUMNS)) {
            insert.setString(1, text);
            try (ResultSet row = insert.executeQuery()) {
                row.next();
                send(exchange, 201, row.getString(1));
            }
        }
    }

    private static void route(HttpServer server, String path, Route route) {
        server.createContext(path, exchange -> {
            try {
                route.answer(exchange);
            } catch (SQLException error) {
                error.printStackTrace();
                send(exchange, 500, "{\"error\": \"the database does not answer\"}");
            } finally {
                exchange.close();
            }
        });
    }

    private static void send(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }
}
