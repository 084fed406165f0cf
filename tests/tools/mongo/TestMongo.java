import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.MongoVersion;
import de.bwaldvogel.mongo.backend.h2.H2Backend;
import java.util.List;
import org.h2.mvstore.MVStore;

/** Serves a file by MongoDB's wire protocol at a port of this machine: {@code TestMongo FILE PORT}. */
public final class TestMongo {
    /** Drivers of today want at least MongoDB 4.4; the library itself stops at version 8 of the protocol. */
    private static final class Version44 implements MongoVersion {
        @Override
        public List<Integer> getVersionArray() {
            return List.of(4, 4, 0);
        }

        @Override
        public int getWireVersion() {
            return 9;
        }
    }

    public static void main(String[] arguments) throws Exception {
        MVStore file = MVStore.open(arguments[0]);
        // What was written is on the disk soon, so that a killed server has lost little.
        file.setAutoCommitDelay(20);
        H2Backend backend = new H2Backend(file);
        backend.version(new Version44());
        MongoServer server = new MongoServer(backend);
        server.bind("127.0.0.1", Integer.parseInt(arguments[1]));
        Runtime.getRuntime().addShutdownHook(new Thread(server::shutdownNow));
        Thread.currentThread().join();
    }
}
