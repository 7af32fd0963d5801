package io.cowshed.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cowshed.database.Installation;
import java.nio.file.Path;
import java.util.UUID;
import org.h2.jdbcx.JdbcDataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

class VolumeConfigurationTests {

    private static final Installation INSTALLATION = new Installation(new UUID(1, 1));

    @TempDir
    private Path directory;

    @Test
    void anEmptyDirectoryIsANewVolumeOnlyWhileTheCatalogueHasNoImage() {
        JdbcDataSource source = new JdbcDataSource();
        source.setURL("jdbc:h2:mem:" + UUID.randomUUID() + ";DB_CLOSE_DELAY=-1");
        JdbcClient database = JdbcClient.create(source);
        database.sql("create table image (state varchar(16))").update();
        database.sql("insert into image values ('creating')").update();
        VolumeConfiguration configuration = new VolumeConfiguration();
        assertThat(configuration.volume(at("first"), INSTALLATION, database)).isNotNull();
        database.sql("insert into image values ('trashed')").update();
        assertThat(configuration.volume(at("first"), INSTALLATION, database)).isNotNull();
        assertThatThrownBy(() -> configuration.volume(at("second"), INSTALLATION, database))
                .isInstanceOf(UnusableVolume.class);
        database.sql("shutdown").update();
    }

    private VolumeProperties at(String name) {
        return new VolumeProperties(directory.resolve(name).toString(), "0660");
    }
}
